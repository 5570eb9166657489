import { type ConnectPhase, connectPhases } from '../../../../core/rpc/values.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Icon } from '../../../ui/icons.tsx';

/** The steps of a login, those that are done and the one that is under way. */
export function PhaseSteps({ phase }: { readonly phase: ConnectPhase }) {
  const { text } = useWords();
  const at = connectPhases.indexOf(phase);
  return (
    <section className="card" aria-label={text.connection.steps}>
      <ol className="steps">
        {connectPhases.map((step, index) => {
          const state = index < at ? 'done' : index === at ? 'now' : 'ahead';
          return (
            <li
              key={step}
              className="step"
              data-state={state}
              aria-current={state === 'now' ? 'step' : undefined}
            >
              <span className="step-mark">{state === 'done' ? <Icon name="check" /> : null}</span>
              <span className="step-name">{text.phases[step]}</span>
              {state === 'ahead' ? null : (
                <span className="hidden-text">
                  {state === 'done' ? text.connection.stepDone : text.connection.stepNow}
                </span>
              )}
            </li>
          );
        })}
      </ol>
    </section>
  );
}
