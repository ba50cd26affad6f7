/** @param {string} id */
export function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new TypeError(`The page has no #${id}.`);
  return found;
}

/**
 * @param {string} id
 * @param {string} text
 */
export function write(id, text) {
  const target = element(id);
  // A reader who selects text, and one who has it read out, are disturbed by no change that is none.
  if (target.textContent !== text) target.textContent = text;
}

/**
 * @param {string} name
 * @param {string} className
 * @param {...(string | Node)} content
 */
export function make(name, className, ...content) {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  made.append(...content);
  return made;
}

/**
 * Says something to the reader, and to a screen reader.
 *
 * @param {string} text
 * @param {boolean} [isBad]
 */
export function say(text, isBad = false) {
  element('message').classList.toggle('bad', isBad);
  write('message', text);
}

/**
 * @param {string} id
 * @param {(fields: FormData) => Promise<unknown>} action
 */
export function onSubmit(id, action) {
  const form = /** @type {HTMLFormElement} */ (element(id));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void action(new FormData(form));
  });
}

/**
 * @param {string} id
 * @param {() => unknown} action
 */
export function onClick(id, action) {
  element(id).addEventListener('click', () => void action());
}
