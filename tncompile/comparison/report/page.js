"use strict";
// Without this script the page shows the same: rows as they were made, matrices one after the other.

// What a cell is sorted by: its place in the order of its column, which was found with exact integers; names by their text.
const keyOf = (cell, numeric) =>
  "o" in cell.dataset ? +cell.dataset.o : numeric ? null : cell.textContent;

function sortTable(table, column, heading) {
  const [body, more] = table.tBodies;
  const shown = body.rows.length;
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const numeric = heading.classList.contains("n");
  const keyed = [...body.rows, ...(more ? more.rows : [])].map(row => [keyOf(row.cells[column], numeric), row]);
  keyed.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null); // what is missing comes last
    const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
    return descending ? -order : order;
  });
  const rows = keyed.map(([, row]) => row);
  body.append(...rows.slice(0, shown));
  if (more) more.append(...rows.slice(shown));
  for (const other of heading.parentElement.cells) other.setAttribute("aria-sort", "none");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
}

for (const table of document.querySelectorAll("table.figures")) {
  const headings = table.tHead.rows[1].cells;
  for (const [column, heading] of Array.from(headings).entries())
    heading.querySelector("button").addEventListener("click", () => sortTable(table, column, heading));
}

// Of very many rows the first are shown until one asks for all.
for (const button of document.querySelectorAll(".all button"))
  button.addEventListener("click", () => {
    document.querySelector(".more").hidden = false;
    button.parentElement.remove();
  });

// Of several matrices one is shown; a slider passes through them.
for (const group of document.querySelectorAll(".matrices")) {
  const matrices = Array.from(group.children);
  if (matrices.length < 2) continue;
  const slider = document.createElement("input");
  const label = document.createElement("label");
  const said = document.createElement("output");
  Object.assign(slider, { type: "range", min: 0, max: matrices.length - 1, value: matrices.length - 1 });
  const show = () => {
    matrices.forEach((matrix, place) => matrix.classList.toggle("resting", place !== +slider.value));
    said.value = matrices[+slider.value].querySelector("caption").textContent;
    slider.setAttribute("aria-valuetext", said.value);
  };
  slider.addEventListener("input", show);
  label.className = "slider";
  label.append("point ", slider, said);
  group.before(label);
  show();
}
