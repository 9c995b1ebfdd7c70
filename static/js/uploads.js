// Sends one file so that a broken line only costs a pause (tus 1.0, see app/web/uploads.py).
// Loaded by app.js for a form that asks for it; without it the form sends its file whole.
const TUS = { "Tus-Resumable": "1.0.0" };
const KEPT = "ocop-up:";
const LONGEST_SIDE = 2000;
const LONGEST_PAUSE = 8000;

const unit = (value, name, digits = 0) => new Intl.NumberFormat(document.documentElement.lang, {
  style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits,
}).format(value);
const bytes = (n) => (n < 1e6 ? unit(n / 1e3, "kilobyte") : unit(n / 1e6, "megabyte", 1));
const time = (s) => (s < 90 ? unit(Math.ceil(s), "second") : unit(Math.ceil(s / 60), "minute"));
const filled = (text, values) => text.replace(/\[(\w+)\]/g, (_, name) => values[name]);
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
const coded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

// A browser offers the sum only on a safe address; elsewhere the length alone must tell files apart.
const sum = async (blob) => (crypto.subtle ? hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())) : "");

async function shrunk(file) {
  if (!/^image\/(jpeg|png|webp)$/.test(file.type)) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    const brush = canvas.getContext("2d");
    brush.fillStyle = "#fff"; // what was transparent would turn black
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const small = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.8); });
    return small && small.size < file.size ? new File([small], `${file.name.replace(/\.\w+$/, "")}.jpg`) : file;
  } catch { // the server says what is wrong with it
    return file;
  }
}

export function begin(form) {
  const part = (name) => form.querySelector(`[data-${name}]`);
  const box = part("progress");
  const say = box.dataset;
  const { upload, word, subject, after, resume } = form.dataset;
  const prefix = `${KEPT}${subject}:`;
  const button = form.querySelector("button:not([type])");
  let [busy, paused, goOn, xhr, address, key, tries] = [false, false, null, null, resume, null, 0];

  const show = (text) => { box.hidden = false; part("line").textContent = text; };
  const started = { at: 0, sent: 0 };
  const moved = (sent, all) => {
    part("bar").value = sent / all;
    const seconds = (performance.now() - started.at) / 1000;
    const left = sent > started.sent && seconds > 1 ? time((all - sent) * seconds / (sent - started.sent)) : "…";
    part("amount").textContent = filled(say.measure, { sent: bytes(sent), all: bytes(all), left });
  };
  const rest = async (why) => { // until the line is back, the time is up, or the person goes on
    if (paused) return new Promise((done) => { goOn = done; });
    show(why || say.wait);
    await new Promise((done) => {
      setTimeout(done, Math.min(LONGEST_PAUSE, 250 * 2 ** tries));
      addEventListener("online", done, { once: true });
    });
    tries += 1;
  };
  const ask = async (method, url, headers) => { // until there is an answer that counts
    for (;;) {
      let why = "";
      try {
        const answer = await fetch(url, { method, headers: { ...TUS, ...headers }, cache: "no-store" });
        if (answer.status < 500 && answer.status !== 423) return answer;
        if (answer.status === 503) why = refusal(answer.headers);
      } catch { /* no line */ }
      await rest(why);
    }
  };
  const told = (problem) => new Error(Object.values(problem.errors || {}).join(" ") || problem.detail);
  const refusal = (headers) => decodeURIComponent(headers.get("upload-refusal") || "");
  const state = async (url) => {
    const { status, headers } = await ask("HEAD", url);
    const print = /sha256 ([^,]+)/.exec(headers.get("upload-metadata"));
    return {
      status,
      why: refusal(headers) || say.gone,
      sent: +headers.get("upload-offset"),
      length: +headers.get("upload-length"),
      print: print && atob(print[1]),
      code: headers.get("upload-resume-code"),
      paper: headers.get("upload-evidence"),
    };
  };
  const piece = (blob, sent) => new Promise((done) => { // fetch tells nothing of what is on its way
    xhr = new XMLHttpRequest();
    xhr.open("PATCH", address);
    Object.entries({ ...TUS, "Upload-Offset": sent, "Content-Type": "application/offset+octet-stream" })
      .forEach((one) => xhr.setRequestHeader(...one));
    xhr.upload.onprogress = (event) => moved(sent + event.loaded, blob.size);
    xhr.onloadend = () => done(xhr);
    xhr.send(blob.slice(sent));
  });
  const create = async (blob, name, print) => {
    const said = { filename: name, [word]: subject, sha256: print };
    [...form.elements].forEach((e) => { if (e.name && e.type !== "file" && !e.name.startsWith("_")) said[e.name] = e.value.trim(); });
    const answer = await ask("POST", upload, {
      "Upload-Length": blob.size,
      "Upload-Metadata": Object.entries(said).filter((one) => one[1]).map(([k, v]) => `${k} ${coded(v)}`).join(),
      "Idempotency-Key": `${Date.now()}-${Math.random()}`,
    });
    if (answer.status !== 201) throw told(await answer.json());
    return answer.headers.get("location");
  };
  const send = async (blob) => {
    for (let last = -1; ;) {
      const now = await state(address);
      if (now.status !== 200) { localStorage.removeItem(key); throw new Error(now.why); }
      if (now.paper) return now.paper;
      if (now.sent > last) tries = 0;
      last = now.sent;
      part("code").textContent = now.code;
      Object.assign(started, { at: performance.now(), sent: now.sent });
      moved(now.sent, blob.size);
      if (!paused) {
        show(say.sending);
        const { status, responseText } = await piece(blob, now.sent);
        if (status === 204) continue;
        if (status >= 400 && status < 500 && status !== 409 && status !== 423) {
          if (status !== 401) localStorage.removeItem(key);
          throw told(JSON.parse(responseText));
        }
      }
      await rest();
    }
  };
  const run = async (chosen) => {
    show(say.prepare);
    let fits = false;
    for (const make of part("original").checked ? [() => chosen] : [shrunk, () => chosen]) {
      const blob = await make(chosen);
      const print = await sum(blob);
      key = prefix + (print || `${blob.size}-${chosen.lastModified}`);
      address = resume || localStorage.getItem(key)?.split(" ")[0];
      if (address) {
        const now = await state(address);
        fits = now.status === 200 && now.length === blob.size && (!print || !now.print || print === now.print);
        if (!fits && resume) { // another browser makes a photo smaller in another way
          if (now.status !== 200) throw new Error(now.why);
          continue;
        }
      }
      if (!fits) {
        address = await create(blob, blob.name, print);
        localStorage.setItem(key, `${address} ${blob.name}`);
      }
      const paper = await send(blob);
      localStorage.removeItem(key);
      show(say.end);
      location.assign(after.replace("[paper]", paper));
      return;
    }
    throw new Error(say.other);
  };

  form.addEventListener("submit", async (event) => {
    const [chosen] = form.elements.file.files;
    if (!chosen) return;
    event.preventDefault();
    event.stopPropagation();
    if (busy) return;
    busy = button.disabled = true;
    box.classList.remove("bad");
    part("pause").hidden = false;
    try {
      await run(chosen);
    } catch (why) {
      show(why.message);
      box.classList.add("bad");
      part("pause").hidden = true;
      busy = button.disabled = false;
    }
  });
  part("pause").onclick = () => {
    paused = !paused;
    part("pause").textContent = paused ? say.go : say.stop;
    if (paused) {
      xhr?.abort();
      show(say.paused);
    } else goOn?.();
  };
  part("original").closest("label").hidden = false;
  const half = Object.keys(localStorage).find((name) => name.startsWith(prefix));
  if (half && !resume) show(filled(say.half, { name: localStorage.getItem(half).split(" ").slice(1).join(" ") }));
  form.dataset.ready = "1";
}
