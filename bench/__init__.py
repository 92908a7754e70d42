"""What it costs, beside its floor. Ratios within one run mean something; figures of different machines do not."""
