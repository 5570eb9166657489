import type { Mood } from './mood.ts';

/** Every word that this process shows by itself; those of the page are in renderer/i18n. */
export interface Words {
  readonly mood: Readonly<Record<Mood, string>>;
  readonly withProfile: (state: string, profile: string) => string;
  readonly open: string;
  readonly connect: string;
  readonly connectTo: (profile: string) => string;
  readonly otherProfiles: string;
  readonly disconnect: string;
  readonly quit: string;
  readonly notify: {
    readonly connected: (profile: string) => string;
    readonly lost: (profile: string) => string;
    readonly restored: (profile: string) => string;
    readonly failed: string;
    readonly look: string;
  };
  readonly leave: {
    readonly question: (profile: string) => string;
    readonly detail: string;
    readonly stay: string;
    readonly disconnect: string;
    readonly keep: string;
  };
  readonly menu: {
    readonly file: string;
    readonly edit: string;
    readonly view: string;
    readonly views: Readonly<Record<'connection' | 'profiles' | 'details' | 'logs' | 'settings', string>>;
    readonly larger: string;
    readonly smaller: string;
    readonly usualSize: string;
    readonly undo: string;
    readonly redo: string;
    readonly cut: string;
    readonly copy: string;
    readonly paste: string;
    readonly selectAll: string;
  };
}

const en: Words = {
  mood: {
    disconnected: 'Not connected',
    connecting: 'Connecting',
    connected: 'Connected',
    reconnecting: 'Reconnecting',
    blocked: 'Blocked',
    'needs-you': 'Not connected: look here',
    unreachable: 'The Godwit service does not answer',
  },
  withProfile: (state, profile) => `${state}: ${profile}`,
  open: 'Open Godwit',
  connect: 'Connect …',
  connectTo: (profile) => `Connect to ${profile}`,
  otherProfiles: 'Connect to',
  disconnect: 'Disconnect',
  quit: 'Quit',
  notify: {
    connected: (profile) => `Connected to ${profile}`,
    lost: (profile) => `The connection to ${profile} is lost. Trying again.`,
    restored: (profile) => `The connection to ${profile} is back`,
    failed: 'Godwit could not connect',
    look: 'Open Godwit to see why and what to do.',
  },
  leave: {
    question: (profile) => `The connection to ${profile} is up.`,
    detail: 'It can go on without this window, or end now.',
    stay: 'Cancel',
    disconnect: 'Disconnect and quit',
    keep: 'Quit, stay connected',
  },
  menu: {
    file: '&File',
    edit: '&Edit',
    view: '&View',
    views: {
      connection: 'Connection',
      profiles: 'Profiles',
      details: 'Details',
      logs: 'Log',
      settings: 'Settings',
    },
    larger: 'Larger',
    smaller: 'Smaller',
    usualSize: 'Usual size',
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    selectAll: 'Select all',
  },
};

const de: Words = {
  mood: {
    disconnected: 'Nicht verbunden',
    connecting: 'Verbindet',
    connected: 'Verbunden',
    reconnecting: 'Verbindet erneut',
    blocked: 'Gesperrt',
    'needs-you': 'Nicht verbunden: bitte ansehen',
    unreachable: 'Der Godwit-Dienst antwortet nicht',
  },
  withProfile: (state, profile) => `${state}: ${profile}`,
  open: 'Godwit öffnen',
  connect: 'Verbinden …',
  connectTo: (profile) => `Mit ${profile} verbinden`,
  otherProfiles: 'Verbinden mit',
  disconnect: 'Trennen',
  quit: 'Beenden',
  notify: {
    connected: (profile) => `Verbunden mit ${profile}`,
    lost: (profile) => `Die Verbindung mit ${profile} ist abgerissen. Neuer Versuch.`,
    restored: (profile) => `Die Verbindung mit ${profile} steht wieder`,
    failed: 'Godwit konnte keine Verbindung aufbauen',
    look: 'Öffnen Sie Godwit, um den Grund und den nächsten Schritt zu sehen.',
  },
  leave: {
    question: (profile) => `Die Verbindung mit ${profile} steht.`,
    detail: 'Sie kann ohne dieses Fenster weiterbestehen oder jetzt enden.',
    stay: 'Abbrechen',
    disconnect: 'Trennen und beenden',
    keep: 'Beenden, verbunden bleiben',
  },
  menu: {
    file: '&Datei',
    edit: '&Bearbeiten',
    view: '&Ansicht',
    views: {
      connection: 'Verbindung',
      profiles: 'Profile',
      details: 'Details',
      logs: 'Protokoll',
      settings: 'Optionen',
    },
    larger: 'Größer',
    smaller: 'Kleiner',
    usualSize: 'Übliche Größe',
    undo: 'Rückgängig',
    redo: 'Wiederholen',
    cut: 'Ausschneiden',
    copy: 'Kopieren',
    paste: 'Einfügen',
    selectAll: 'Alles auswählen',
  },
};

/** By the desktop's language, e.g. `de-AT`; English for those without words of their own. */
export function wordsFor(locale: string): Words {
  return locale.toLowerCase().split(/[-_]/)[0] === 'de' ? de : en;
}
