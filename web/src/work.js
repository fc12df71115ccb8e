/**
 * Has a worker find the number that the page's task asks for, and puts the proof
 * into the form (internal/work). A form that is sent before waits for it. Where no
 * worker runs, the form is sent without: then the page's wait applies.
 *
 * [data-work] is the place around the hidden field. It carries
 *   data-work       the task: JSON {algorithm, challenge, maxNumber, salt, signature}
 *   data-work-with  the path of the worker's script
 *   data-i18n       {busy, done}
 * and has an element with role=status, whose words stay if it does not work.
 */
export function work(place) {
  const words = JSON.parse(place.dataset.i18n);
  const { maxNumber, ...task } = JSON.parse(place.dataset.work);
  const field = place.querySelector("input");
  const form = field.form;
  const status = place.querySelector("[role=status]");
  const without = status.textContent;
  let busy = true;
  let pressed;

  const end = (text) => {
    busy = false;
    status.textContent = text;
    worker.terminate();
    // Not a click: the guard against double clicks would take it away.
    if (pressed) form.requestSubmit(pressed);
  };
  const worker = new Worker(place.dataset.workWith);
  worker.onmessage = ({ data: number }) => {
    if (number < 0) return end(without);
    field.value = btoa(JSON.stringify({ ...task, number }));
    end(words.done);
  };
  worker.onerror = () => end(without);

  form.addEventListener("submit", (event) => {
    if (!busy) return;
    event.preventDefault();
    pressed = event.submitter;
    status.textContent = words.busy;
  });
  status.textContent = words.busy;
  worker.postMessage({ maxNumber, ...task });
}
