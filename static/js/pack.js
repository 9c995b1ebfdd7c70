// A scoring pack: opens without network, keeps what is ticked on this device, saves a file to hand back.
// Nothing from the dossier is ever read as markup: every text goes in as text.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = data.words, shelf = "ocop-pack:" + data.seal;
  const say = (name, values) => words[name].replace(/\{(\w+)\}/g, (all, key) => (values && key in values ? values[key] : all));
  const rubricOf = (sheet) => data.rubrics[sheet.rubric];
  const sectionsOf = (sheet) => rubricOf(sheet).parts.flatMap((part) => part.sections.map((section) => ({ part, section })));
  const criteriaOf = (sheet) => sectionsOf(sheet).flatMap((one) => one.section.criteria);
  const FINISH = "finish";

  const el = (tag, props, ...children) => {
    const made = document.createElement(tag);
    Object.entries(props || {}).forEach(([name, value]) => {
      if (value === false || value === null || value === undefined) return;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value === true ? "" : value);
    });
    children.flat().forEach((child) => { if (child !== null && child !== undefined && child !== false) made.append(child); });
    return made;
  };

  // --- what is ticked -------------------------------------------------------------------------

  const begun = () => Object.fromEntries(data.sheets.map((sheet) => [sheet.code, { marks: JSON.parse(JSON.stringify(sheet.marks)), opinion: sheet.opinion }]));
  let state = begun(), keeps = true, product = 0, place = 0;
  const known = (kept) => kept && data.sheets.every((sheet) => kept[sheet.code] && kept[sheet.code].marks);
  try {
    const kept = JSON.parse(localStorage.getItem(shelf) || "null");
    if (known(kept)) state = kept;
    localStorage.setItem(shelf, JSON.stringify(state));
  } catch { keeps = false; }

  const keep = () => {
    try { localStorage.setItem(shelf, JSON.stringify(state)); keeps = true; } catch { keeps = false; }
    showTotal();
  };
  const markOf = (sheet, code) => state[sheet.code].marks[code] || { option: "", remark: "", evidence: "", page: 0, without_evidence: false };
  const setMark = (sheet, code, change) => {
    state[sheet.code].marks[code] = { ...markOf(sheet, code), ...change };
    keep();
  };

  // --- the provisional sum: the server counts anew ---------------------------------------------

  const pointsOf = (sheet, criterion) => {
    const chosen = markOf(sheet, criterion.code).option;
    const options = criterion.cases.flatMap((one) => one.options);
    const option = options.find((one) => one.code === chosen);
    return option ? option.points : 0;
  };
  const applies = (sheet, criterion) => {
    if (!criterion.when) return true;
    const other = criteriaOf(sheet).find((one) => one.code === criterion.when.criterion);
    return pointsOf(sheet, other) >= criterion.when.min;
  };
  const counting = (sheet, criteria) => criteria.filter((one) => applies(sheet, one));
  const missing = (sheet, criteria) => counting(sheet, criteria).filter((one) => !markOf(sheet, one.code).option);
  const total = (sheet) => counting(sheet, criteriaOf(sheet)).reduce((sum, one) => sum + pointsOf(sheet, one), 0);

  // --- the file -------------------------------------------------------------------------------

  const answers = () => ({
    kind: data.kind, format: data.format, pack: data.pack, seal: data.seal, saved_at: new Date().toISOString(),
    sheets: state,
  });
  const stamp = () => {
    const two = (number) => String(number).padStart(2, "0"), now = new Date();
    return `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}`;
  };
  const save = () => {
    const name = `phieu-cham-${data.meeting.code}-${stamp()}.json`;
    const address = URL.createObjectURL(new Blob([JSON.stringify(answers())], { type: "application/json" }));
    const link = el("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell(say("saved", { name }));
  };
  const reopen = async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    try {
      const read = JSON.parse(await file.text());
      if (read.kind !== data.kind || read.seal !== data.seal || !known(read.sheets)) throw new Error("other");
      state = Object.fromEntries(data.sheets.map((sheet) => [sheet.code, read.sheets[sheet.code]]));
      keep();
      show();
      tell(say("reopened", { name: file.name }));
    } catch { tell(say("wrong_file")); }
  };
  const forget = () => {
    if (!confirm(say("forget_sure"))) return;
    try { localStorage.removeItem(shelf); } catch { /* nothing was kept */ }
    state = begun();
    show();
  };

  // --- the page -------------------------------------------------------------------------------

  const told = el("p", { class: "told", role: "status" });
  const tell = (text) => { told.textContent = text; };
  const main = el("main"), products = el("nav", { "aria-label": say("products", { count: data.sheets.length }) });
  const sum = el("output", { class: "sum" });
  const keptAt = el("small", {});

  const progress = (sheet, criteria) => {
    const all = counting(sheet, criteria);
    return { done: all.length - missing(sheet, criteria).length, count: all.length };
  };
  function showTotal() {
    const sheet = data.sheets[product];
    sum.replaceChildren(el("b", {}, say("sum", { total: total(sheet), max: rubricOf(sheet).max })), el("small", {}, say("done", progress(sheet, criteriaOf(sheet)))));
    const now = new Date();
    keptAt.textContent = keeps ? say("kept", { at: `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}` }) : say("not_kept");
    keptAt.className = keeps ? "" : "bad";
    showProducts();
    main.querySelectorAll("[data-section]").forEach((link) => {
      const one = sectionsOf(sheet).find((found) => found.section.code === link.dataset.section);
      const { done, count } = progress(sheet, one.section.criteria);
      link.querySelector("small").textContent = done === count ? "✓" : `${done}/${count}`;
    });
  }
  function showProducts() {
    if (data.sheets.length < 2) return;
    products.replaceChildren(el("ol", {}, data.sheets.map((sheet, index) => el("li", {}, el("button", {
      type: "button", "aria-current": index === product ? "true" : null,
      onclick: () => { product = index; place = 0; show(true); },
    }, sheet.product, " ", el("small", {}, say("done", progress(sheet, criteriaOf(sheet)))))))));
  }

  const paragraphs = (text) => text.split("\n").map((line) => el("p", {}, line));
  const dossier = (sheet) => el("details", { class: "panel" }, el("summary", {}, say("texts")),
    el("p", { class: "s" }, say("dossier", { code: sheet.dossier, kind: sheet.kind })),
    sheet.pictures.map((one) => el("figure", {}, el("img", { src: one.source, alt: one.caption, width: one.width, height: one.height, loading: "lazy" }), el("figcaption", {}, one.caption))),
    sheet.texts.map(([name, text]) => [el("p", {}, el("b", {}, say(name))), ...paragraphs(text)]).flat());
  const testLine = (test) => `${say("test", { subject: test[1] })} – ${test[2] || say("waiting")}${test[3] ? ", " + test[3] : ""}`;
  const officials = (sheet, part) => {
    const advice = sheet.advice.filter((one) => one.part === part.code && one.text);
    const tests = sheet.tests.filter((one) => !one[0]);
    if (!advice.length && !sheet.surveys.length && !tests.length) return null;
    return el("details", { class: "panel" }, el("summary", {}, say("officials")),
      advice.map((one) => [el("p", {}, el("b", {}, say("advice", { part: one.part })), ": ", one.text), one.suggested === null ? null : el("p", { class: "s" }, say("suggested", { points: one.suggested, max: one.max })), el("p", { class: "s" }, one.signed)]).flat(),
      sheet.surveys.map((one) => el("p", {}, el("b", {}, say("survey", { record: one[0] })), ": ", one[1])),
      tests.map((one) => el("p", {}, testLine(one))));
  };

  const claimLine = (claim) => {
    if (!claim) return say("claim_none");
    if (claim.isNotMet) return say("claim_not_met");
    return claim.points === null ? say("claim_none") : say("claim", { points: claim.points, label: claim.label });
  };
  const papersOf = (sheet) => {
    const found = new Map();
    Object.values(sheet.claims).forEach((claim) => claim.papers.forEach(([code, title, pages]) => found.set(code, { title, pages })));
    return found;
  };
  const shownBy = (sheet, criterion) => {
    const mark = markOf(sheet, criterion.code), claim = sheet.claims[criterion.code];
    const own = new Set(claim ? claim.papers.map(([code]) => code) : []);
    const papers = [...papersOf(sheet)].sort((one, other) => own.has(other[0]) - own.has(one[0]));
    const last = (code) => (papersOf(sheet).get(code) || {}).pages || 500;
    const page = el("input", { type: "number", min: 1, max: last(mark.evidence), inputmode: "numeric", id: `page.${criterion.code}`, value: mark.page || null, hidden: !mark.evidence });
    const pageTyped = () => Math.max(0, Math.min(Number(page.max), parseInt(page.value, 10) || 0));
    const pageLabel = el("label", { for: page.id, hidden: !mark.evidence }, say("page"));
    page.addEventListener("input", () => setMark(sheet, criterion.code, { page: pageTyped() }));
    const paper = el("select", { id: `paper.${criterion.code}` }, el("option", { value: "" }, say("shown_by_nothing")), el("option", { value: "-" }, say("without_evidence")), papers.map(([code, { title }]) => el("option", { value: code }, title)));
    paper.value = mark.without_evidence ? "-" : mark.evidence;
    paper.addEventListener("change", () => {
      const chosen = paper.value !== "-" && paper.value !== "";
      page.hidden = pageLabel.hidden = !chosen;
      page.max = last(paper.value);
      if (!chosen) page.value = "";
      setMark(sheet, criterion.code, { evidence: chosen ? paper.value : "", without_evidence: paper.value === "-", page: chosen ? pageTyped() : 0 });
    });
    const remark = el("textarea", { id: `remark.${criterion.code}`, rows: 2, maxlength: 2000 });
    remark.value = mark.remark;
    remark.addEventListener("input", () => setMark(sheet, criterion.code, { remark: remark.value }));
    return el("details", { open: Boolean(mark.remark || mark.evidence || mark.without_evidence) }, el("summary", {}, say("shown_by")),
      el("label", { for: paper.id }, say("evidence_of", { code: criterion.code })), paper, pageLabel, page,
      el("label", { for: remark.id }, say("remark_of", { code: criterion.code })), remark);
  };
  const choice = (sheet, criterion, code, points, label, star) => {
    const input = el("input", { type: "radio", name: `option.${criterion.code}`, value: code, checked: markOf(sheet, criterion.code).option === code });
    input.addEventListener("change", () => {
      setMark(sheet, criterion.code, { option: code });
      input.closest("fieldset").querySelector("[data-blank]").hidden = false;
      main.querySelectorAll("fieldset[data-when]").forEach(idle);
    });
    return el("label", { class: "c" }, input, el("b", {}, String(points)), el("span", {}, label, star ? el("i", {}, ` ★ ${say("star", { star })}`) : null));
  };
  const idle = (field) => {
    const sheet = data.sheets[product], criterion = criteriaOf(sheet).find((one) => one.code === field.dataset.when), on = applies(sheet, criterion);
    field.disabled = !on;
    field.querySelector("[data-idle]").hidden = on;
  };
  const question = (sheet, criterion) => {
    const claim = sheet.claims[criterion.code], finding = sheet.findings[criterion.code];
    const field = el("fieldset", { id: `option.${criterion.code}`, "data-when": criterion.when ? criterion.code : null },
      el("legend", {}, `${criterion.code}. ${criterion.name} `, el("small", {}, say("max", { max: criterion.max }))),
      criterion.gates.map((text) => el("p", { class: "warn" }, text)),
      criterion.when ? [el("p", { class: "s" }, criterion.when.text), el("p", { class: "s", "data-idle": true, hidden: true }, el("b", {}, say("not_applicable")))] : null,
      criterion.guide.length ? el("details", {}, el("summary", {}, say("guide")), criterion.guide.flatMap(paragraphs)) : null,
      el("p", { class: "s" }, claimLine(claim)),
      claim && claim.text ? el("p", { class: "s" }, `«${claim.text}»`) : null,
      claim && claim.papers.length ? el("p", { class: "s" }, say("papers", { papers: claim.papers.map((one) => one[1]).join("; ") })) : null,
      finding ? el("p", { class: "s" }, say("finding", finding), " ", el("b", {}, say(finding.isConfirmed ? "confirmed" : "unconfirmed"))) : null,
      sheet.tests.filter((one) => one[0] === criterion.code).map((one) => el("p", { class: "s" }, testLine(one))),
      criterion.choose ? el("p", { class: "s" }, criterion.choose) : null,
      criterion.cases.map((one) => [one.name ? el("h3", {}, one.name) : null, ...one.options.map((option) => choice(sheet, criterion, option.code, option.points, option.label, option.star))]).flat(),
      criterion.canFail ? choice(sheet, criterion, data.notMet, 0, say("not_met"), null) : null,
      el("button", { type: "button", class: "q", "data-blank": true, hidden: !markOf(sheet, criterion.code).option, onclick: () => {
        field.querySelectorAll("input[type=radio]").forEach((one) => { one.checked = false; });
        field.querySelector("[data-blank]").hidden = true;
        field.querySelector("input[type=radio]").focus();
        setMark(sheet, criterion.code, { option: "" });
        main.querySelectorAll("fieldset[data-when]").forEach(idle);
      } }, say("blank")),
      shownBy(sheet, criterion));
    if (criterion.when) queueMicrotask(() => idle(field));
    return field;
  };

  const tabs = (sheet) => el("nav", { "aria-label": say("sections"), class: "tabs" }, [...sectionsOf(sheet).map((one, index) => el("button", {
    type: "button", "data-section": one.section.code, title: one.section.name, "aria-current": index === place ? "true" : null, onclick: () => go(index),
  }, el("b", {}, one.part.sections[0] === one.section ? `${one.part.code} ` : ""), `${one.section.code} `, el("small", {}))), el("button", {
    type: "button", "aria-current": place === sectionsOf(sheet).length ? "true" : null, onclick: () => go(sectionsOf(sheet).length),
  }, say(FINISH))]);
  const go = (index) => { place = index; show(true); };
  const steps = (sheet) => el("p", { class: "acts" },
    place > 0 ? el("button", { type: "button", class: "q", onclick: () => go(place - 1) }, say("back")) : null,
    place < sectionsOf(sheet).length ? el("button", { type: "button", onclick: () => go(place + 1) }, say("next")) : null);

  const finish = (sheet) => {
    const open = missing(sheet, criteriaOf(sheet));
    const opinion = el("textarea", { id: "opinion", rows: 4, maxlength: 4000 });
    opinion.value = state[sheet.code].opinion;
    opinion.addEventListener("input", () => { state[sheet.code].opinion = opinion.value; keep(); });
    return [el("h2", { tabindex: -1 }, say(FINISH)),
      open.length ? el("div", { class: "warn" }, el("p", {}, say("missing", { count: open.length })), el("ul", {}, open.map((one) => el("li", {}, el("button", { type: "button", class: "q", onclick: () => {
        go(sectionsOf(sheet).findIndex((found) => found.section.criteria.includes(one)));
        document.getElementById(`option.${one.code}`).scrollIntoView();
      } }, `${one.code}. ${one.name}`))))) : el("p", {}, say("complete")),
      el("label", { for: "opinion" }, say("opinion")), opinion];
  };

  function show(moves) {
    const sheet = data.sheets[product], rubric = rubricOf(sheet), all = sectionsOf(sheet);
    const here = all[place];
    main.replaceChildren(
      el("h1", {}, sheet.product), el("p", { class: "s" }, [sheet.producer, sheet.commune, rubric.name].filter(Boolean).join(" · ")),
      rubric.disqualified ? el("p", { class: "warn" }, rubric.disqualified) : "",
      dossier(sheet), tabs(sheet),
      ...(here ? [el("h2", { tabindex: -1 }, `${here.section.code}. ${here.section.name} `, el("small", {}, say("max", { max: here.section.max }))), officials(sheet, here.part) || "",
        ...here.section.criteria.flatMap((one, index) => {
          const group = one.group && (index === 0 || here.section.criteria[index - 1].group !== one.group) ? el("h3", { class: "group" }, `${one.group}. ${here.section.groups[one.group]}`) : null;
          return group ? [group, question(sheet, one)] : [question(sheet, one)];
        })] : finish(sheet)),
      steps(sheet));
    showTotal();
    if (moves) { const head = main.querySelector("h2"); head.focus({ preventScroll: true }); head.scrollIntoView(); }
  }

  const text = el("textarea", { id: "copy", rows: 4, readonly: true, onfocus: () => { text.value = JSON.stringify(answers()); text.select(); } });
  const again = el("input", { type: "file", id: "reopen", accept: ".json,application/json", onchange: reopen });
  document.body.prepend(
    el("header", {}, data.specimen ? el("p", { class: "specimen" }, say("specimen")) : null,
      el("p", {}, el("b", {}, say("title"))), el("p", {}, say("meeting", data.meeting)), el("p", {}, say("member", { name: data.pack.member }), " · ", say("made", { at: data.madeAt })), data.picturesLeftOut ? el("p", {}, say("pictures_left_out", { count: data.picturesLeftOut })) : null),
    products, main,
    el("aside", {}, el("p", { class: "s" }, say("sum_note"), " ", keptAt),
      el("details", {}, el("summary", {}, say("other_ways")), el("label", { for: "copy" }, say("copy")), text, el("label", { for: "reopen" }, say("reopen")), again,
        el("p", {}, el("button", { type: "button", class: "q", onclick: forget }, say("forget"))))),
    el("footer", {}, el("div", { class: "bar" }, sum, el("button", { type: "button", id: "save", onclick: save }, say("save"))), told));
  addEventListener("beforeunload", (event) => { if (!keeps) event.preventDefault(); });
  show();
})();
