"use strict";
// Filters and orders the gallery. Without it, or where it may not run, every card is shown.
const filter = document.getElementById("filter");
if (filter) {
  const list = document.getElementById("cards");
  const cards = [...list.children].map((card) => ({
    card,
    row: Number(card.dataset.row),
    text: card.textContent.toLowerCase(),
    terms: [...card.querySelectorAll("tr[data-term]")].map((line) => ({
      status: line.dataset.status,
      value: line.dataset.value === "" ? null : Number(line.dataset.value),
    })),
  }));
  const update = () => {
    const { term, status, order, text } = filter.elements;
    const wanted = text.value.trim().toLowerCase();
    const up = order.value === "low" ? 1 : -1;
    const compare = (a, b) => {
      const [x, y] = [a.terms[term.value].value, b.terms[term.value].value];
      if (order.value === "row" || (x === null && y === null)) return a.row - b.row;
      // Where there is no score, it comes first in the one order and last in the other.
      if (x === null || y === null) return x === null ? -up : up;
      return up * (x - y) || a.row - b.row;
    };
    let shown = 0;
    for (const one of cards.sort(compare)) {
      const fits = (!status.value || one.terms[term.value].status === status.value) && one.text.includes(wanted);
      one.card.hidden = !fits;
      shown += fits;
      list.append(one.card);
    }
    filter.elements.count.value = `${shown} of ${cards.length} shown`;
  };
  filter.addEventListener("input", update);
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.hidden = false;
  update();
}
