import { connection, isLive, total } from '../state/live.ts';
import { goLive, goTo, moving, playing, shownSeq, speed, step, togglePlay } from '../state/time.ts';

const SPEEDS = [1, 5, 20, 100];

/** Time: every view shows the moment that stands here. */
export function TimeBar() {
  const live = isLive.value;
  const count = total.value;
  const seq = live ? count : shownSeq.value;
  return (
    <footer class={`time-bar${live ? '' : ' past'}`} aria-label="Time">
      <button
        type="button"
        onClick={() => step(-1)}
        disabled={seq <= 0}
        aria-label="One event back"
        title="One event back (left arrow)"
      >
        {'\u25c2'}
      </button>
      <button
        type="button"
        onClick={togglePlay}
        disabled={count === 0}
        aria-pressed={playing.value}
        title="Play (space)"
      >
        {playing.value ? 'Pause' : 'Play'}
      </button>
      <button
        type="button"
        onClick={() => step(1)}
        disabled={live}
        aria-label="One event on"
        title="One event on (right arrow)"
      >
        {'\u25b8'}
      </button>
      <select
        aria-label="Events a second"
        value={speed.value}
        onChange={(event) => (speed.value = Number(event.currentTarget.value))}
      >
        {SPEEDS.map((each) => (
          <option key={each} value={each}>
            {each}/s
          </option>
        ))}
      </select>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={`event ${seq} of ${count}`}
        min={0}
        max={count}
        value={seq}
        onInput={(event) => void goTo(Number(event.currentTarget.value))}
      />
      <output class="where" aria-busy={moving.value}>
        {seq} / {count}
      </output>
      <button
        type="button"
        class={live ? 'main' : ''}
        aria-pressed={live}
        onClick={goLive}
        title="Show what is, and follow it (End)"
      >
        {connection.value === 'live' ? 'Live' : 'Latest'}
      </button>
    </footer>
  );
}
