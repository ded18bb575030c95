// What a script says comes from the page, in its language: an element bears the texts
// in data-texts, and they are put together here as internal/language does it.
"use strict";

function wordsOf(element) {
  const texts = JSON.parse(element.dataset.texts);
  const page = document.documentElement;
  const plurals = new Intl.PluralRules(page.lang);

  // What is put in is shut in wherever it could turn the sentence around it.
  const turns = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
  function isolate(value) {
    const text = String(value).replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
    if (!turns.test(text) && (page.dir !== "rtl" || /^[0-9.,]*$/.test(text))) return text;
    return "\u2068" + text + "\u2069";
  }

  function fill(text, values, put = isolate) {
    return text.replace(/\{\{\.(\w+)\}\}/g, (_, name) => put(values[name]));
  }

  const text = (id, values = {}) => fill(texts[id].other, values);

  function count(id, n) {
    const forms = texts[id];
    return fill(forms[plurals.select(n)] || forms.other, { Count: n });
  }

  // A kilobyte has 1,000 bytes.
  function size(bytes) {
    if (bytes < 1000) return count("size.byte", bytes);
    if (bytes < 999500) return text("size.kilo", { Size: Math.round(bytes / 1e3) });
    if (bytes >= 9950000) return text("size.mega", { Size: Math.round(bytes / 1e6) });
    const tenths = Math.round(bytes / 1e5);
    return text("size.mega", { Size: Math.floor(tenths / 10) + text("size.point") + (tenths % 10) });
  }

  // moment is a time in the zone of whoever reads it. All of it is ours: nothing is shut in.
  const form = { day: "numeric", month: "numeric", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  function moment(id, at) {
    const part = Object.fromEntries(new Intl.DateTimeFormat("en-GB", form).formatToParts(at).map((p) => [p.type, p.value]));
    return fill(texts[id].other, {
      Day: Number(part.day) === 1 ? text("date.first") : Number(part.day),
      Month: text("date.month." + Number(part.month)),
      Year: part.year,
      Clock: part.hour + ":" + part.minute,
      Zone: part.timeZoneName,
    }, String);
  }

  return { text, count, size, moment };
}
