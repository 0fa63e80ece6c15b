"""The lines that are printed: what was measured, its spread, and the budget beside it."""

import statistics

TOLERANCE = 2.0  # a shared machine doubles a time now and then; a regression is more than that


class Report:
    is_fine = True

    def note(self, text):
        """How the lines below were measured."""
        print(f"\n{text}", flush=True)

    def fact(self, what, text, is_fine=True):
        """What has no number of its own."""
        print(f"{what:<58}  {text}{'' if is_fine else '  FAILED'}", flush=True)
        self.is_fine &= is_fine

    def row(self, what, values, unit, budget=None, digits=1):
        values = list(values)
        value = statistics.median(values)
        spread = f"{min(values):.{digits}f} to {max(values):.{digits}f}, n={len(values)}"
        verdict = ""
        if budget is not None:
            verdict = f"budget {budget} {unit}: {'ok' if value <= budget else 'over'}"
            self.is_fine &= value <= budget * TOLERANCE
        print(f"{what:<58}{value:>8.{digits}f} {unit:<4} {spread:<26} {verdict}".rstrip(), flush=True)
