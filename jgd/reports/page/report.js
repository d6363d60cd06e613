"use strict";
// Pictures: each is drawn from the JSON behind it.
const figures = [...document.querySelectorAll(".figure")];
const buttons = { displaylogo: false, modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]] };
for (const place of figures) {
  const { data, layout } = JSON.parse(place.nextElementSibling.textContent);
  Plotly.newPlot(place, data, { ...layout, autosize: true }, { responsive: true, ...buttons });
}

// Tables: a heading sorts, again the other way round; what has no key stays last.
const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
const keyOf = (row, column) => {
  const key = row.cells[column].dataset.key;
  return key === undefined ? null : key.trim() !== "" && isFinite(key) ? Number(key) : key;
};
function sort(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [keyOf(row, column), row]);
  const sign = direction === "ascending" ? 1 : -1;
  rows.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b)));
  body.append(...rows.map(([, row]) => row));
  [...table.tHead.rows[0].cells].forEach((head, i) => head.setAttribute("aria-sort", i === column ? direction : "none"));
}
const tables = [...document.querySelectorAll("table.configs")];
tables.forEach((table, index) => {
  const filter = table.parentElement.previousElementSibling.querySelector("input");
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      sort(table, column, direction);
      keep({ ["sort" + index]: [column, direction] });
    });
  });
  filter.addEventListener("input", () => {
    const word = filter.value.toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(word);
    keep({ ["filter" + index]: filter.value });
  });
});

// What a reader has chosen outlives the loading of the page anew, while a sweep runs.
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(location.pathname) || "{}");
  } catch {
    return {};
  }
}
function keep(more) {
  try {
    sessionStorage.setItem(location.pathname, JSON.stringify({ ...kept(), ...more }));
  } catch { /* a browser that keeps nothing for files */ }
}
if (document.querySelector('meta[http-equiv="refresh"]')) {
  const before = kept();
  tables.forEach((table, index) => {
    const chosen = before["sort" + index];
    if (chosen && table.tHead.rows[0].cells[chosen[0]]) sort(table, ...chosen);
    const input = table.parentElement.previousElementSibling.querySelector("input");
    input.value = before["filter" + index] || "";
    input.dispatchEvent(new Event("input"));
  });
  if (before.scroll) scrollTo(0, before.scroll);
  addEventListener("pagehide", () => keep({ scroll: scrollY }));
}

// Paper has another width than the window, and room for two pictures.
addEventListener("beforeprint", () => figures.forEach((place) => Plotly.relayout(place, { width: 660, height: 330 })));
addEventListener("afterprint", () => {
  figures.forEach((place) => Plotly.relayout(place, { width: null, height: null, autosize: true }));
});
