/** Where the daemon listens when nobody says otherwise. */
export const defaultSocketPath = '/run/godwit/godwitd.sock';

/** The group whose members may use the daemon. */
export const socketGroup = 'godwit';
