import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Marks } from '../../charts/picture.ts';
import type { StateAnswer, WhatIfAnswer } from '../../protocol/answers.ts';
import { ask, AskError } from '../state/api.ts';
import { route } from '../state/route.ts';
import { activeIds } from '../state/marks.ts';
import { Changes, JsonView } from './json.tsx';

interface Props {
  readonly answer: StateAnswer;
  /** Marks the chart with what would be; null with what is. */
  readonly show: (marks: Marks | null) => void;
}

/** Applies an event to a copy of the state, at the inspector. The running system hears nothing of it. */
export function WhatIf({ answer, show }: Props) {
  const type = useSignal<string | null>(null);
  const data = useSignal('');
  const result = useSignal<WhatIfAnswer | null>(null);
  const fault = useSignal<string | null>(null);

  // The chart goes back to what is when the actor moves on.
  useEffect(() => () => show(null), []);

  const back = (): void => {
    result.value = null;
    fault.value = null;
    show(null);
  };
  const choose = (chosen: string): void => {
    back();
    const possible = answer.possible.find((each) => each.type === chosen);
    type.value = possible === undefined ? null : chosen;
    data.value = JSON.stringify(possible?.example ?? {}, null, 2);
  };
  const tryIt = async (): Promise<void> => {
    back();
    let event: string;
    try {
      event = JSON.stringify({ type: type.value, data: JSON.parse(data.value) as unknown });
    } catch {
      fault.value = 'The data is no JSON: check its commas and quotation marks.';
      return;
    }
    try {
      const told = await ask('what-if', { actor: answer.actor, at: route.value.at, event });
      result.value = told;
      const { standing } = told;
      if (told.outcome === 'taken' && standing !== null)
        show({ active: activeIds(standing.state), fired: new Set(standing.fired), possible: new Set() });
    } catch (error) {
      fault.value = error instanceof AskError ? error.message : String(error);
    }
  };

  const chosen = answer.possible.find((each) => each.type === type.value);
  const told = result.value;
  return (
    <div class="what-if">
      <ul class="possible">
        {answer.possible.map((each) => (
          <li key={each.type}>
            <button
              type="button"
              aria-pressed={each.type === type.value}
              title={each.description}
              onClick={() => choose(each.type)}
            >
              {each.type}
            </button>
          </li>
        ))}
      </ul>
      {chosen === undefined ? null : (
        <>
          <p class="soft">{chosen.description}</p>
          <label>
            <span class="hidden">Data of {chosen.type}, as JSON</span>
            <textarea
              rows={6}
              spellcheck={false}
              value={data.value}
              onInput={(event) => (data.value = event.currentTarget.value)}
            />
          </label>
          <p>
            <button type="button" class="main" onClick={() => void tryIt()}>
              What if?
            </button>{' '}
            {told === null ? null : (
              <button type="button" onClick={back}>
                Back to what is
              </button>
            )}
          </p>
        </>
      )}
      {fault.value === null ? null : (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {told === null ? null : (
        <div class={`told ${told.outcome}`} role="status">
          <p>
            <b>
              {told.outcome === 'taken'
                ? 'It would be taken.'
                : told.outcome === 'refused'
                  ? 'It would be refused.'
                  : 'That is no such event.'}
            </b>{' '}
            {told.says}
          </p>
          {told.outcome === 'taken' ? (
            <>
              <Changes changes={told.changes} />
              {told.effects.length === 0 ? null : (
                <>
                  <p class="soft">What the chart would want done, and nobody does:</p>
                  <JsonView value={told.effects} />
                </>
              )}
            </>
          ) : null}
        </div>
      )}
    </div>
  );
}
