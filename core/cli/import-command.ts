import { basename, resolve } from 'node:path';
import { type Failure, failure } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { err, ok, type Result } from '../base/result.ts';
import { readBoundedFile } from '../platform/bounded-file.ts';
import { completeDraft, type DraftAdditions, lacksOf } from '../profile/importers/complete-draft.ts';
import { importProfile } from '../profile/importers/import-profile.ts';
import type { Imported, ImportedProfile, ImportNote } from '../profile/importers/importer.ts';
import { profileFromKeyFile } from '../profile/importers/key-file-profile.ts';
import type { Profile } from '../profile/profile.ts';
import { parseSelfContained } from '../profile/self-contained.ts';
import type { RpcClient } from '../rpc/transport/client.ts';
import { readCertificates } from './ca-files.ts';
import type { CliIo } from './cli-io.ts';
import { type CommonOptions, withDaemon } from './commands.ts';
import { askForLacks, optionOf } from './import-lacks.ts';
import { importNoteWords } from './import-notes.ts';
import { openKeyFile } from './open-key-file.ts';
import { chooseProfile } from './profile-source.ts';
import { Progress } from './progress.ts';
import { Report } from './report.ts';
import { escapeText } from './text.ts';

export interface ImportOptions extends CommonOptions, Omit<DraftAdditions, 'trust'> {
  /** A PEM file with the CA certificates that may vouch for the gateway. */
  readonly ca: string | undefined;
  readonly systemCas: boolean;
  readonly passwordStdin: boolean;
  /** An own profile to put it in place of. */
  readonly replace: string | undefined;
  /** Write the profile to standard output, and keep nothing. */
  readonly print: boolean;
}

/** Makes a profile of a file, by the importers that the window has, and has the daemon keep it. */
export async function importFile(file: string, options: ImportOptions, io: CliIo): Promise<number> {
  const report = new Report(io, options.json);
  const progress = new Progress(io);
  const done = await takeFile(file, options, io, progress);
  progress.finish(done.ok);
  if (!done.ok) return report.failure(done.error);
  const { id, text, profile, notes } = done.value;
  if (options.print && !options.json) {
    for (const note of notes) progress.note(importNoteWords(note));
    io.stdout.write(text);
    return report.success([], {});
  }
  const told = notes.map((note) => ({ ...note, text: importNoteWords(note) }));
  return report.success(describe(done.value), {
    ...(id === undefined ? { profile: JSON.parse(text) } : { id }),
    name: profile.name,
    gateway: profile.gateway.host,
    notes: told,
  });
}

interface Taken {
  /** Absent when it was only to be printed. */
  readonly id: string | undefined;
  readonly text: string;
  readonly profile: Profile;
  readonly notes: readonly ImportNote[];
}

async function takeFile(
  file: string,
  options: ImportOptions,
  io: CliIo,
  progress: Progress,
): Promise<Result<Taken, readonly Failure[]>> {
  progress.step(`Reading ${escapeText(basename(file), 120)}`, io.now());
  const imported = await readFile(file);
  if (!imported.ok) return imported;
  const trust = await trustOf(options);
  if (!trust.ok) return err([trust.error]);
  const go = (rpc: RpcClient | undefined) =>
    takeImported(imported.value, { ...options, trust: trust.value, file }, { rpc, io, progress });
  // A file that needs neither to be opened nor to be kept needs no daemon.
  if (options.print && imported.value.kind === 'profile') return await go(undefined);
  const through = await withDaemon(options, async (rpc) => ok(await go(rpc)));
  return through.ok ? through.value : err([through.error]);
}

/** A profile of Godwit comes with what stands in the files that it names, as with `godwit up`. */
async function readFile(file: string): Promise<Result<Imported, readonly Failure[]>> {
  const path = resolve(file);
  const read = await readBoundedFile(path, limits.importOctets);
  if (!read.ok) return err([failure('profile.unreadable', { file, reason: read.error })]);
  const imported = importProfile(basename(file), read.value.octets);
  if (!imported.ok) return err([imported.error]);
  const { value } = imported;
  if (value.kind === 'key-file' || !value.notes.some(({ code }) => code === 'names-file')) return imported;
  const whole = await chooseProfile(path);
  if (!whole.ok) return whole;
  const { source } = whole.value;
  if (source.kind !== 'text') return imported;
  const left = value.notes.filter(({ detail }) => staysOutside(detail));
  return ok({ kind: 'profile', text: source.text, notes: left });
}

/** Files with what opens something do not go into a profile. */
function staysOutside(field: string): boolean {
  return /(?:^|\.)(?:passwordFile|preSharedKeyFile|ppk\.file)$/.test(field);
}

async function trustOf({
  ca,
  systemCas,
}: Pick<ImportOptions, 'ca' | 'systemCas'>): Promise<Result<DraftAdditions['trust'], Failure>> {
  if (systemCas) return ok({ system: true });
  if (ca === undefined) return ok(undefined);
  const read = await readCertificates(ca);
  return read.ok
    ? ok({ ca: read.value })
    : err(failure('profile.unreadable', { file: ca, reason: read.error }));
}

interface Around {
  readonly rpc: RpcClient | undefined;
  readonly io: CliIo;
  readonly progress: Progress;
}

async function takeImported(
  imported: Imported,
  options: Omit<ImportOptions, 'trust'> & DraftAdditions & { readonly file: string },
  { rpc, io, progress }: Around,
): Promise<Result<Taken, readonly Failure[]>> {
  const { name, gateway, method, username, trust, file } = options;
  const draft = await draftOf(imported, options, { rpc, io, progress });
  if (!draft.ok) return err([draft.error]);
  const { notes } = draft.value;
  const first = completeDraft(draft.value.text, { name, gateway, method, username, trust });
  const asked = await askForLacks(first, draft.value.owner, io, progress);
  if (!asked.ok) return err([asked.error]);
  const text = asked.value;
  const lacks = lacksOf(text);
  if (lacks.length > 0) {
    const options = lacks.map(optionOf).join(', ');
    return err([failure('import.incomplete', { file: basename(file), missing: lacks.join(', '), options })]);
  }
  const parsed = parseSelfContained(text, basename(file));
  if (!parsed.ok) return parsed;
  const taken = { text, profile: parsed.value, notes };
  if (options.print || rpc === undefined) return ok({ ...taken, id: undefined });
  progress.step('Keeping the profile', io.now());
  const { replace } = options;
  const saved = await rpc.call('save-profile', { ...(replace === undefined ? {} : { id: replace }), text });
  return saved.ok ? ok({ ...taken, id: saved.value.id }) : err([saved.error]);
}

/** `owner` is who a key file was made for, who may be the user of a login. */
async function draftOf(
  imported: Imported,
  { passwordStdin }: Pick<ImportOptions, 'passwordStdin'>,
  { rpc, io, progress }: Around,
): Promise<Result<ImportedProfile & { readonly owner?: string | undefined }, Failure>> {
  if (imported.kind === 'profile') return ok(imported);
  if (rpc === undefined) return err(failure('rpc.unavailable'));
  progress.step('Opening the certificate', io.now());
  const opened = await openKeyFile(imported, passwordStdin, rpc, io, progress);
  if (!opened.ok) return opened;
  const { email, commonName } = opened.value.certificate;
  return ok({ ...profileFromKeyFile(imported, opened.value, io.now()), owner: email ?? commonName });
}

function describe({ id, profile, notes }: Taken): readonly string[] {
  const told = notes.map((note) => `  - ${importNoteWords(note)}`);
  const way = profile.authentication.method;
  return [
    `Imported ${escapeText(profile.name, 64)} as ${escapeText(id ?? '', 128)}: ${escapeText(profile.gateway.host, 253)}, ${way}.`,
    ...(told.length === 0 ? [] : ['What to know:', ...told]),
    `Connect with: godwit up ${escapeText(id ?? '', 128)}`,
  ];
}
