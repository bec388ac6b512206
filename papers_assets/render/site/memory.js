// What a reader marks, stored in the browser by arXiv id, for all pages of the site.
"use strict";
const memory = (() => {
  const PREFIX = "papers-assets.";
  const HOUR = 3_600_000;

  // A browser may allow no storage, or none to pages from a disk: then marks last as long as the page.
  const temporary = () => {
    const values = new Map();
    return { getItem: (key) => values.get(key) ?? null, setItem: (key, text) => values.set(key, text) };
  };
  let isLasting = true;
  let storage;
  try {
    storage = localStorage;
    storage.setItem(`${PREFIX}probe`, "");
    storage.removeItem(`${PREFIX}probe`);
  } catch {
    isLasting = false;
    storage = temporary();
  }

  // Returns the stored object; an empty one if none is stored, or something else is.
  const read = (name) => {
    try {
      const value = JSON.parse(storage.getItem(PREFIX + name));
      return value && typeof value === "object" && !Array.isArray(value) ? value : {};
    } catch {
      return {};
    }
  };
  const write = (name, value) => {
    try {
      storage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // It is full: what was there stays.
    }
  };
  // Reads again before writing, since another tab may have written meanwhile.
  const change = (name, edit) => {
    const values = read(name);
    edit(values);
    write(name, values);
  };

  // A visit begins with a page that is opened an hour after the last one. Returns the time up to which
  // papers had been seen by then; times are those of papers, not of the reader's clock.
  const visit = (newest) => {
    const last = read("visit");
    const now = Date.now();
    const shown = String(last.newest ?? "");
    const seen = now - last.at < HOUR ? String(last.seen ?? "") : shown;
    if (newest) write("visit", { at: now, seen, newest: newest > shown ? newest : shown });
    return seen;
  };

  return { isLasting, read, change, visit };
})();
