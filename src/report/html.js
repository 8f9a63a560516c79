(function () {
  "use strict";
  var bar = document.getElementById("filter"), word = document.getElementById("filter-word"), said = document.getElementById("filter-said");
  var rows = [].slice.call(document.querySelectorAll("[data-row]"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  if (!bar || !rows.length) return;
  bar.hidden = false;
  function apply() {
    var words = word.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row, i) {
      var fits = words.every(function (w) { return texts[i].indexOf(w) >= 0; });
      row.hidden = !fits;
      shown += fits;
    });
    said.textContent = words.length ? shown + " of " + rows.length + " entries" : "";
    if (words.length) document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  }
  word.addEventListener("input", apply);
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  });
})();
