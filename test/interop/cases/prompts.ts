import type { InteropCase } from '../case.ts';

const theme = 'prompts' as const;

const timedOut = ['Nobody answered the question for a password or code within'];

export const promptCases: readonly InteropCase[] = [
  {
    name: 'a wrong password, asked for again in the same login, then the right one',
    theme,
    gateway: {},
    client: { firstPassword: 'the wrong one first' },
    expect: { up: true },
  },
  {
    name: 'nobody has a password to give',
    theme,
    gateway: {},
    client: { whenAsked: 'refuse' },
    expect: { up: false, failure: 'secret.missing' },
  },
  {
    name: 'the user cancels where the password is asked for',
    theme,
    gateway: {},
    client: { whenAsked: 'disconnect' },
    expect: { up: false, failure: 'tunnel.cancelled' },
  },
  {
    name: 'the user cancels where the password is asked for again, in the middle of the login',
    theme,
    gateway: {},
    client: { firstPassword: 'the wrong one first', whenAsked: 'disconnect' },
    expect: { up: false, failure: 'tunnel.cancelled' },
  },
  {
    name: 'nobody answers the question for the password in time',
    theme,
    gateway: {},
    client: { whenAsked: 'ignore', answerSeconds: 1 },
    expect: { up: false, failure: 'secret.timed-out', says: timedOut },
  },
  {
    name: 'nobody answers in time in the middle of the login',
    theme,
    gateway: {},
    client: { firstPassword: 'the wrong one first', whenAsked: 'ignore', answerSeconds: 1 },
    expect: { up: false, failure: 'secret.timed-out', says: timedOut },
    seconds: 4,
  },
];
