// Which app has which colour in the charts. An app keeps its colour while others come and go; where two would have the
// same, the busier one has it.

/** Colours there are; more apps share one part, "other apps". */
const SLOTS = 5;
export const OTHERS = "others";

/** The busiest apps, most calls first: `{id, name, slot}`; and the rest in one, if there is a rest. */
export function seriesOf(clients, othersName) {
  const taken = new Set();
  const series = clients.slice(0, clients.length > SLOTS ? SLOTS - 1 : SLOTS).map(({ client_id: id, name }) => {
    let slot = hash(id) % SLOTS;
    while (taken.has(slot)) slot = (slot + 1) % SLOTS;
    taken.add(slot);
    return { id, name, slot };
  });
  return clients.length > SLOTS ? [...series, { id: OTHERS, name: othersName, slot: OTHERS }] : series;
}

/** Calls of each series in one stretch, in the order of `series`. */
export function callsBySeries(stretch, series) {
  const counts = new Map(series.map(({ id }) => [id, 0]));
  for (const { client_id: id, calls } of stretch.clients) {
    const key = counts.has(id) ? id : OTHERS;
    counts.set(key, (counts.get(key) ?? 0) + calls);
  }
  return series.map(({ id }) => counts.get(id));
}

/** `{calls, failures}` of everybody in one stretch. */
export function totalOf(stretch) {
  const sum = (pick) => stretch.clients.reduce((total, each) => total + pick(each), 0);
  return { calls: sum(({ calls }) => calls), failures: sum(({ failures }) => failures) };
}

function hash(text) {
  let value = 0;
  for (const letter of text) value = (Math.imul(value, 31) + letter.codePointAt(0)) >>> 0;
  return value;
}
