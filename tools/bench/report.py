"""The lines that are printed: what was measured, its spread, and the budget beside it."""

import statistics

TOLERANCE = 2.0  # a shared machine doubles a time now and then; a regression is more than that


class Report:
    is_fine = True

    def row(self, what, values, unit, budget=None):
        values = list(values)
        value = statistics.median(values)
        spread = f"{min(values):.1f} to {max(values):.1f}, n={len(values)}"
        verdict = ""
        if budget is not None:
            verdict = f"budget {budget} {unit}: {'ok' if value <= budget else 'over'}"
            self.is_fine &= value <= budget * TOLERANCE
        print(f"{what:<58}{value:>8.1f} {unit:<4} {spread:<26} {verdict}".rstrip(), flush=True)
