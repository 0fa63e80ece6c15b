// Round numbers for an axis.

const STEPS = [1, 2, 5, 10];

/** Ticks from 0 to a round number that is at least `max`, `wanted` steps or fewer. */
export function ticks(max, wanted, smallest = 1) {
  const rough = Math.max(max / wanted, smallest);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * STEPS.find((candidate) => candidate * power >= rough * 0.999);
  const count = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}
