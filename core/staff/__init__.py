"""The people who work with Zamu: their accounts, and what each of them may see and do."""
