import type { AppSession } from './electron-apis.ts';
import { isPageAddress } from './page-address.ts';

/** The page needs none of what a browser can allow, and no address but its own. */
export function refusePermissions(session: AppSession): void {
  session.setPermissionRequestHandler((_contents, _permission, allow) => allow(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isPageAddress(details.url) }));
}
