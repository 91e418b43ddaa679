import { useEffect, useRef } from 'preact/hooks';
import { helpOpen } from '../state/help.ts';

const KEYS = [
  ['\u2190  \u2192', 'one event back or on; with Shift ten'],
  ['Home  End', 'before the first event; what is now, and follow it'],
  ['space', 'play and pause'],
  ['/', 'search'],
  ['1  2  3  4', 'overview, charts, sequence, events'],
  ['+  \u2212  0', 'in a picture: larger, smaller, all of it'],
  ['Ctrl + click', 'on an actor: beside those that are chosen'],
  ['Esc', 'close what is open'],
  ['?', 'this help'],
] as const;

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [helpOpen.value]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => (helpOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p>
        The inspector reads what the roles have committed. Nothing here reaches the running system. In a chart a filled
        state is active, the arrow that was taken last stands out, and events in blue could come now.
      </p>
      <button type="button" class="main" onClick={() => (helpOpen.value = false)}>
        Close
      </button>
    </dialog>
  );
}
