"""What `zamu campaign` prints of a preview and of a report."""

from collections.abc import ItemsView, Iterator

from core.campaigns.preview import Preview
from core.campaigns.report import Report
from core.messaging.tables import Status
from web.campaigning import left_out, sender_line
from web.commands.opening import table


def preview_lines(seen: Preview) -> Iterator[str]:
    """What would be said to whom, at what cost."""
    for sample in seen.samples:
        yield f"{sample.language}: {sample.text}"
        yield f"    {sample.segments} SMS, to {seen.chosen.by_language.get(sample.language, 0)}"
    yield f"Recipients: {seen.chosen.recipients}, SMS: {seen.segments}"
    source = "the average of the last 30 days" if seen.price.from_receipts else "assumed"
    yield f"Cost: about KES {seen.cost_kes:.2f} (KES {seen.price.kes:.2f} an SMS, {source})"
    yield from _left_out(seen.chosen.left_out.items())
    yield f"Sender: {sender_line(seen.sender)}"


def report_lines(seen: Report) -> Iterator[str]:
    """How it went so far."""
    campaign = seen.campaign
    yield f"{campaign.name}: {campaign.written} of {campaign.recipients} written"
    people = {"made": campaign.created_by, "approved": campaign.approved_by, "looked at": campaign.looked_by}
    yield "By: " + ", ".join(f"{did} {who}" for did, who in people.items() if who)
    if campaign.reason:
        yield f"Reason: {campaign.reason}"
    yield from _left_out(campaign.left_out.items())
    heads = [status for status in Status if seen.by_status.get(status)]
    if heads:
        yield ""
        rows = [("all", *(seen.by_status[status] for status in heads))]
        for network, counts in sorted(seen.by_network.items()):
            rows.append((network, *(counts.get(status, 0) for status in heads)))
        yield from table(("", *heads), rows)
    for (status, error), count in sorted(seen.why.items()):
        yield f"{status}, {error}: {count}"
    yield f"SMS: {seen.segments}, cost: KES {seen.cost_kes:.2f}"


def _left_out(counted: ItemsView[str, int]) -> Iterator[str]:
    for reason, count in sorted(counted):
        yield f"Left out, {left_out(reason)}: {count}"
