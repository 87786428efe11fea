(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const search = byId("search"), boundary = byId("boundary"), verdict = byId("verdict"), found = byId("found");
  const items = [...document.querySelectorAll(".item")];
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };

  // What is looked for stands in the address, so that a colleague can be sent to it.
  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    search.value = asked.get("q") ?? "";
    boundary.value = asked.get("boundary") ?? "";
    verdict.value = asked.get("verdict") ?? "";
    filter();
  }
  function write() {
    const asked = new URLSearchParams();
    if (search.value) asked.set("q", search.value);
    if (boundary.value) asked.set("boundary", boundary.value);
    if (verdict.value) asked.set("verdict", verdict.value);
    try { history.replaceState(null, "", "#" + asked); } catch { /* a frame may forbid it */ }
    filter();
  }
  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const fits = (!boundary.value || item.dataset.boundary === boundary.value)
        && (!verdict.value || item.dataset.verdict === verdict.value)
        && words.every((word) => textOf(item).includes(word));
      item.hidden = !fits;
      shown += fits;
    }
    for (const part of document.querySelectorAll("main section")) part.hidden = !part.querySelector(".item:not([hidden])");
    const isFiltered = words.length > 0 || boundary.value !== "" || verdict.value !== "";
    found.textContent = isFiltered ? `${shown} of ${items.length}` : "";
    byId("nothing").hidden = shown > 0 || !isFiltered;
  }
  function openAll(open) {
    for (const one of document.querySelectorAll("main details")) one.open = open;
    byId("expand").textContent = open ? "Close all" : "Open all";
  }
  function step(by) {
    const shown = items.filter((item) => !item.hidden);
    const at = shown.findIndex((item) => item.contains(document.activeElement));
    const next = shown[Math.min(Math.max(at + by, 0), shown.length - 1)];
    if (!next) return;
    const target = next.querySelector(":scope > summary") ?? next;
    if (target === next) next.tabIndex = -1;
    target.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  const keys = {
    "/": () => search.focus(),
    j: () => step(1),
    k: () => step(-1),
    e: () => byId("expand").click(),
  };
  let pause;
  search.addEventListener("input", () => { clearTimeout(pause); pause = setTimeout(write, 80); });
  boundary.addEventListener("change", write);
  verdict.addEventListener("change", write);
  byId("expand").addEventListener("click", () => openAll(byId("expand").textContent === "Open all"));
  addEventListener("hashchange", read);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      search.value = boundary.value = verdict.value = "";
      search.blur();
      write();
    } else if (!/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("main details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of closed) one.open = false; });
  read();
})();
