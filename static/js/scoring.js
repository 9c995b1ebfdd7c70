// Scoring from the keyboard: only while a choice has the focus, so that no letter typed elsewhere acts.
export const begin = (form) => {
  const questions = [...form.querySelectorAll(".q1")];
  const choices = (question) => [...question.querySelectorAll("input[type=radio]")];
  const focus = (question) => {
    const all = choices(question);
    (all.find((one) => one.checked) || all[0]).focus();
    question.scrollIntoView({ block: "start" });
  };

  const help = document.getElementById("keys");
  help.hidden = !matchMedia("(hover:hover) and (min-width:45rem)").matches;
  form.classList.toggle("keys", !help.hidden);
  const asked = questions.find((one) => location.hash === `#${one.id}`);
  if (asked) focus(asked);

  form.addEventListener("keydown", (event) => {
    if (event.target.type !== "radio" || event.ctrlKey || event.altKey || event.metaKey) return;
    const here = event.target.closest(".q1");
    const at = questions.indexOf(here);
    const steps = {
      Enter: () => {
        const next = questions[at + (event.shiftKey ? -1 : 1)];
        if (next) focus(next); else if (!event.shiftKey) form.querySelector("button.b:not([type=button])").focus();
      },
      u: () => {
        const missing = questions.find((one) => !choices(one).some((choice) => choice.checked) && !one.dataset.idle);
        if (missing) focus(missing); else document.querySelector("#total .go")?.click();
      },
      g: () => {
        const more = [...here.querySelectorAll("details")].at(-1);
        more.open = true;
        more.querySelector("select").focus();
      },
    };
    const choice = /^[1-9]$/.test(event.key) && choices(here)[event.key - 1];
    const step = steps[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!choice && !step) return;
    event.preventDefault();
    if (choice) { choice.focus(); choice.click(); } else step();
  });
};
