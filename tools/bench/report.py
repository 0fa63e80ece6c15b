"""What was measured, its spread, and the budget beside it: printed as it comes, kept for the table in the end."""

import contextlib
import statistics

TOLERANCE = 2.0  # a shared machine doubles a time now and then; a regression is more than that


class Report:
    """Lines belong to a table, tables to a part. A part that did not come to its end is not kept."""

    def __init__(self):
        self.is_fine = True
        self.parts = {}

    @contextlib.contextmanager
    def part(self, name, **about):
        self.tables = []
        print(f"== {name}", flush=True)
        yield
        self.parts[name] = about | {"tables": self.tables}

    def note(self, title, text):
        """A new table: what it is about, and how its lines were measured."""
        self.tables.append({"title": title, "text": text, "rows": [], "facts": []})
        print(f"\n{title}: {text}", flush=True)

    def fact(self, what, text, is_fine=True, side=""):
        """What has no number of its own."""
        self.tables[-1]["facts"].append({"what": what, "side": side, "text": text, "is_fine": is_fine})
        print(f"{label(side, what):<62}  {text}{'' if is_fine else '  FAILED'}", flush=True)
        self.is_fine &= is_fine

    def row(self, what, values, unit, budget=None, digits=1, side="", at_least=False):
        """`at_least` says that more is better."""
        values = list(values)
        row = {
            "what": what,
            "side": side,
            "unit": unit,
            "digits": digits,
            "median": statistics.median(values),
            "least": min(values),
            "most": max(values),
            "n": len(values),
            "budget": budget,
            "at_least": at_least,
        }
        self.tables[-1]["rows"].append(row)
        verdict = ""
        if budget is not None:
            verdict = f"budget {bound(row)} {unit}: {'ok' if is_met(row) else 'over'}"
            self.is_fine &= is_met(row, TOLERANCE)
        spread = f"{row['least']:.{digits}f} to {row['most']:.{digits}f}, n={row['n']}"
        print(f"{label(side, what):<62}{row['median']:>9.{digits}f} {unit:<4} {spread:<28} {verdict}".rstrip(), flush=True)


def label(side, what):
    return f"{side}: {what}" if side else what


def bound(row):
    return f"{'≥' if row['at_least'] else '≤'} {row['budget']}"


def is_met(row, tolerance=1.0):
    if row["at_least"]:
        return row["median"] * tolerance >= row["budget"]
    return row["median"] <= row["budget"] * tolerance
