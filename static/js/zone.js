// Says when a message expires in the zone of whoever reads it. Without this script,
// or where the browser does not know its zone, the organisation's zone stays.
"use strict";

for (const span of document.querySelectorAll("[data-zone=reader]")) {
  const time = span.querySelector("time[datetime]");
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.textContent; // as the organisation says it
  time.textContent = wordsOf(span).moment("date.at", at);
}
