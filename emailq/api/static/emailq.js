// What the page can't do with links and forms: parts that renew themselves, and keys for the review desk.
"use strict";

for (const part of document.querySelectorAll("[data-renew]")) {
  const renew = async () => {
    if (document.hidden || part.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      if (fresh) part.replaceChildren(...fresh.childNodes);
    } catch { /* the server is away: the next time */ }
  };
  setInterval(renew, Number(part.dataset.renew) * 1000);
}

if (location.hash === "#search") document.getElementById("search")?.focus();

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "Enter" && event.target !== document.body) return; // it presses what has the focus
  const targets = document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`);
  const target = [...targets].find((one) => one.getClientRects().length); // that is shown
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) target.focus(); else target.click();
});
