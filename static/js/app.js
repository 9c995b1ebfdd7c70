// Only betters what works without it: one press counts once, typed text is kept, a dead line says so.
(() => {
  const say = document.documentElement.dataset;
  const keep = (form) => `ocop:${location.pathname}:${form.dataset.keep}`;
  const fields = (form) => [...form.elements].filter((e) => e.name && !e.name.startsWith("_") && !/hidden|file|password/.test(e.type));

  addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      form.dataset.sent = "1";
      form.classList.add("busy");
      setTimeout(() => { delete form.dataset.sent; form.classList.remove("busy"); }, 8000);
    }
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("[data-sent]").forEach((f) => { delete f.dataset.sent; f.classList.remove("busy"); });
  });

  // A long menu lies in one line on a phone: where one is shall be in sight.
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  const notice = (text, action, run) => {
    const box = document.createElement("div");
    box.className = "note warn";
    box.setAttribute("role", "status");
    const line = document.createElement("p");
    line.textContent = text;
    const button = document.createElement("button");
    button.className = "b q";
    button.type = "button";
    button.textContent = action;
    button.onclick = () => { box.remove(); run(); };
    box.append(line, button);
    return box;
  };

  document.querySelectorAll("form[data-keep]").forEach((form) => {
    const name = keep(form);
    const kept = localStorage.getItem(name);
    if (kept) {
      const values = JSON.parse(kept);
      const differs = fields(form).some((e) => e.name in values && (/radio|checkbox/.test(e.type)
        ? e.checked !== (values[e.name] === e.value) : e.value !== values[e.name]));
      if (differs) form.prepend(notice(say.kept, say.restore, () => {
        fields(form).forEach((e) => {
          if (!(e.name in values)) return;
          if (/radio|checkbox/.test(e.type)) e.checked = values[e.name] === e.value; else e.value = values[e.name];
        });
        if (form.hasAttribute("data-scoring")) form.dispatchEvent(new Event("change", { bubbles: true }));
      }));
    }
    form.addEventListener("input", () => {
      const values = {};
      fields(form).forEach((e) => { if (!/radio|checkbox/.test(e.type) || e.checked) values[e.name] = e.value; });
      try { localStorage.setItem(name, JSON.stringify(values)); } catch { /* a full store only loses the copy */ }
    });
  });
  if (document.querySelector("[data-done]")) Object.keys(localStorage).filter((k) => k.startsWith("ocop:")).forEach((k) => {
    if (!document.querySelector("form[data-keep]")) localStorage.removeItem(k);
  });

  const scoring = document.querySelector("form[data-scoring]");
  if (scoring) import(scoring.dataset.scoring).then((keys) => keys.begin(scoring));

  // What is shown live asks again while somebody looks; the server answers nothing when nothing changed.
  const due = () => { if (!document.hidden) document.querySelectorAll("[data-live]").forEach((e) => e.dispatchEvent(new Event("due"))); };
  setInterval(due, 10000);
  addEventListener("visibilitychange", due);

  const upload = document.querySelector("form[data-upload]");
  if (upload) import(upload.dataset.module).then((uploads) => uploads.begin(upload));

  // A save that waited in the queue was filled in too early: it takes version and key as they are now.
  // A key whose answer never came may only repeat the same content: other content gets a key of its own.
  const sent = new WeakMap();
  addEventListener("htmx:before:request", (event) => {
    const { form, body } = event.detail.ctx.request;
    if (!form || !(body instanceof URLSearchParams) || !body.has("_key")) return;
    const { version, _key: key } = form.elements;
    body.delete("version");
    body.delete("_key");
    const content = body.toString();
    const last = sent.get(form);
    if (last?.key === key.value && last.content !== content) key.value = `${Date.now()}-${Math.random()}`;
    sent.set(form, { key: key.value, content });
    if (version) body.set("version", version.value);
    body.set("_key", key.value);
  });
  addEventListener("htmx:after:request", (event) => {
    const { request, response } = event.detail.ctx;
    if (request.form?.dataset.keep && response?.status < 400) localStorage.removeItem(keep(request.form));
  });
  addEventListener("htmx:error", (event) => {
    const { sourceElement: from, target } = event.detail.ctx;
    // Sent again the way it was sent: an autosave stays on its page.
    const box = notice(say.dead, say.again, () => from.dispatchEvent(new Event((from.getAttribute("hx-trigger") || "click").split(/[ ,]+/).pop(), { bubbles: true, cancelable: true })));
    if (target?.matches("output")) { // sticks to the screen: seen wherever the form is scrolled
      target.querySelector(".note")?.remove();
      target.prepend(box);
    } else if (!from.previousElementSibling?.classList.contains("warn")) from.before(box);
  });
})();
