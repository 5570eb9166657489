import { type KeyboardEvent, useState } from 'react';
import { fieldWords } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Icon } from '../../../ui/icons.tsx';
import { SearchField } from '../../../ui/search-field.tsx';
import { type FieldGroup, inGroups } from '../model/field-groups.ts';
import { findFields } from '../model/find-fields.ts';
import type { ProfileField } from '../model/schema-fields.ts';
import { ByDefault } from './field-control.tsx';

interface AddSettingProps {
  readonly fields: readonly ProfileField[];
  readonly onAdd: (field: ProfileField) => void;
}

/** Everything that can be set and is as by default: found by words, or looked through by what it is about. */
export function AddSetting({ fields, onAdd }: AddSettingProps) {
  const { text } = useWords();
  const [words, setWords] = useState('');
  const [group, setGroup] = useState<FieldGroup | undefined>();
  const groups = inGroups(fields);
  const ofGroup = groups.find((each) => each.group === group)?.fields ?? [];
  const searched = findFields(fields, words, (field) => ({
    label: fieldWords(text, field.path)?.label ?? field.path,
    help: fieldWords(text, field.path)?.help ?? '',
    choices: field.choices.map((choice) => text.choices[choice] ?? choice),
  }));
  const searching = words.trim() !== '';
  const found = searching ? searched : ofGroup;
  const add = (field: ProfileField) => {
    setWords('');
    setGroup(undefined);
    onAdd(field);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return;
    // It adds what was found, and does not save the profile around it.
    event.preventDefault();
    const [first] = found;
    if (searching && first !== undefined) add(first);
  };
  return (
    <search className="add-setting" aria-label={text.editor.addSetting}>
      <SearchField label={text.editor.addSetting} value={words} onChange={setWords} onKeyDown={onKeyDown} />
      {searching ? null : (
        <div className="chips">
          {groups.map((each) => (
            <button
              key={each.group}
              type="button"
              className="chip"
              aria-pressed={each.group === group}
              onClick={() => setGroup(each.group === group ? undefined : each.group)}
            >
              {text.editor.groups[each.group]}
            </button>
          ))}
        </div>
      )}
      <p role="status" className={searching && found.length === 0 ? 'note' : 'hidden-text'}>
        {searching || group !== undefined ? text.editor.found(found.length) : ''}
      </p>
      {found.length === 0 ? null : (
        <ul className="found">
          {found.map((field) => (
            <li key={field.path}>
              <Found field={field} onAdd={() => add(field)} />
            </li>
          ))}
        </ul>
      )}
    </search>
  );
}

function Found({ field, onAdd }: { readonly field: ProfileField; readonly onAdd: () => void }) {
  const { text } = useWords();
  const words = fieldWords(text, field.path);
  return (
    <button type="button" className="found-field" onClick={onAdd}>
      <Icon name="plus" />
      <span>
        <span className="found-label">{words?.label ?? field.path}</span>
        <span className="field-help">
          {words?.help}
          <ByDefault field={field} />
        </span>
      </span>
    </button>
  );
}
