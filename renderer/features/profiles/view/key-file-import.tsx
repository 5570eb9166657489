import { type FormEvent, useEffect, useState } from 'react';
import type { Failure } from '../../../../core/base/errors.ts';
import type { ImportedKeyFile } from '../../../../core/profile/importers/importer.ts';
import {
  type OpenedKeyFile,
  profileFromKeyFile,
} from '../../../../core/profile/importers/key-file-profile.ts';
import { useSession } from '../../../app/page-context.ts';
import { explainIn } from '../../../i18n/explain.ts';
import { useWords } from '../../../i18n/use-text.ts';
import { Button, Dialog, Foreign } from '../../../ui/controls.tsx';
import { FactRow } from '../../../ui/facts.tsx';
import { isolated } from '../../../ui/foreign-text.ts';
import { SecretField } from '../../../ui/secret-field.tsx';
import { newDraft, readDraft } from '../model/draft.ts';
import { withUsername } from '../model/with-username.ts';
import { ImportFailed } from './import-failed.tsx';
import { ImportForm } from './import-form.tsx';

interface KeyFileImportProps {
  readonly file: ImportedKeyFile;
  readonly onClose: () => void;
}

type Step =
  | { readonly at: 'opening' }
  | { readonly at: 'locked'; readonly wrong: Failure | undefined }
  | { readonly at: 'open'; readonly opened: OpenedKeyFile }
  | { readonly at: 'failed'; readonly failure: Failure };

/** A certificate with its key: its password is asked for when it has one, then it becomes a profile. */
export function KeyFileImport({ file, onClose }: KeyFileImportProps) {
  const session = useSession();
  const [step, setStep] = useState<Step>({ at: 'opening' });
  const open = async (password: string | undefined) => {
    const look = await session.lookIntoKeyFile(file.name, file.octets, password);
    if (!look.ok) {
      const wrong = look.error.code === 'credential.password';
      return setStep(wrong ? { at: 'locked', wrong: look.error } : { at: 'failed', failure: look.error });
    }
    const { value } = look;
    setStep(value.state === 'locked' ? { at: 'locked', wrong: undefined } : { at: 'open', opened: value });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each file.
  useEffect(() => void open(undefined), [file]);
  switch (step.at) {
    case 'opening':
      return null;
    case 'failed':
      return <ImportFailed failure={step.failure} onClose={onClose} />;
    case 'locked':
      return <Locked name={file.name} wrong={step.wrong} onOpen={open} onClose={onClose} />;
    case 'open':
      return <Opened file={file} opened={step.opened} onClose={onClose} />;
  }
}

interface LockedProps {
  readonly name: string;
  readonly wrong: Failure | undefined;
  readonly onOpen: (password: string) => Promise<void>;
  readonly onClose: () => void;
}

function Locked({ name, wrong, onOpen, onClose }: LockedProps) {
  const { text } = useWords();
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (password === '') return;
    setBusy(true);
    await onOpen(password);
    setPassword('');
    setBusy(false);
  };
  return (
    <Dialog label={text.importer.title} onClose={onClose}>
      <div>
        <h2 className="prompt-title">{text.importer.title}</h2>
        <p className="note">{text.importer.from(isolated(name))}</p>
      </div>
      <form className="stack" onSubmit={(event) => void submit(event)} autoComplete="off">
        <SecretField
          label={text.prompt.keyPassword.label}
          help={text.importer.keyPassword}
          code={false}
          value={password}
          onChange={setPassword}
          error={wrong === undefined || busy ? undefined : explainIn(text, wrong).what}
        />
        <div className="dialog-actions">
          <Button onClick={onClose}>{text.importer.cancel}</Button>
          <Button type="submit" look="primary" disabled={password === '' || busy}>
            {text.importer.open}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface OpenedProps {
  readonly file: ImportedKeyFile;
  readonly opened: OpenedKeyFile;
  readonly onClose: () => void;
}

function Opened({ file, opened, onClose }: OpenedProps) {
  const [profile] = useState(() => profileFromKeyFile(file, opened, Date.now()));
  const { certificate } = opened;
  return (
    <ImportForm
      file={file.name}
      first={readDraft(profile.text) ?? newDraft}
      notes={profile.notes}
      complete={(draft) => withUsername(draft, certificate.email ?? certificate.commonName)}
      onClose={onClose}
    >
      <Certificate opened={opened} />
    </ImportForm>
  );
}

function Certificate({ opened }: { readonly opened: OpenedKeyFile }) {
  const { text, format } = useWords();
  const { subject, issuer, notBefore, notAfter } = opened.certificate;
  const words = text.importer.certificate;
  const authorities = opened.others.filter(({ authority }) => authority);
  return (
    <section className="card" aria-labelledby="certificate">
      <h3 id="certificate" className="section-title">
        {words.title}
      </h3>
      <dl className="facts">
        <FactRow name={words.subject}>
          <Foreign text={subject} most={240} />
        </FactRow>
        <FactRow name={words.issuer}>
          <Foreign text={issuer} most={240} />
        </FactRow>
        <FactRow name={words.validity} className="figure">
          {words.fromTo(format.date(notBefore), format.date(notAfter))}
        </FactRow>
        <FactRow name={words.authorities}>
          {authorities.length === 0
            ? words.none
            : authorities.map((each) => (
                <span key={each.pem} className="certificate-line">
                  <Foreign text={each.subject} most={240} />
                </span>
              ))}
        </FactRow>
      </dl>
    </section>
  );
}
