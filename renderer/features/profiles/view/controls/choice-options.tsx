import { useWords } from '../../../../i18n/use-text.ts';

/** The options of a `select` for these choices, in the reader's words where there are any. */
export function ChoiceOptions({ choices }: { readonly choices: readonly string[] }) {
  const { text } = useWords();
  return choices.map((choice) => (
    <option key={choice} value={choice}>
      {text.choices[choice] ?? choice}
    </option>
  ));
}
