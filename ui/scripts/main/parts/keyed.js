// A list on the page that follows a list of data: what stays keeps its element, and with it focus, open parts and what is
// being typed.

/** Makes `sync(items)`; `make(item)` gives `{root, update(item, …rest)}` and `key(item)` tells one from another. */
export function keyed(place, key, make) {
  const made = new Map();
  return function sync(items, ...rest) {
    const wanted = new Set(items.map(key));
    for (const [name, { root }] of made) {
      if (wanted.has(name)) continue;
      root.remove();
      made.delete(name);
    }
    let before = place.firstElementChild;
    for (const item of items) {
      const name = key(item);
      if (!made.has(name)) made.set(name, make(item));
      const part = made.get(name);
      part.update(item, ...rest);
      if (part.root === before) before = before.nextElementSibling;
      else place.insertBefore(part.root, before);
    }
  };
}
