// Says when a message expires in the zone of whoever reads it. Without this script,
// or where the browser does not know its zone, the organisation's zone stays.
"use strict";

for (const span of document.querySelectorAll("[data-zone=reader] time[datetime]")) {
  const at = new Date(span.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  const form = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  span.title = span.textContent; // as the organisation says it
  span.textContent = new Intl.DateTimeFormat("en-GB", form).format(at);
}
