import { keyRotation } from './key-rotation.ts';
import { leakedKey } from './leaked-key.ts';
import { logOutage } from './log-outage.ts';
import { logout } from './logout.ts';
import { logoutOutage } from './logout-outage.ts';
import { refreshFamilies } from './refresh-families.ts';
import { refreshReplay } from './refresh-replay.ts';
import type { Scene } from './scene.ts';
import { signOutEverywhere } from './sign-out-everywhere.ts';
import { signIn } from './steps/sign-in.ts';
import { underLoad } from './under-load.ts';

export const allScenes: readonly Scene[] = [
  signIn,
  logout,
  signOutEverywhere,
  refreshReplay,
  keyRotation,
  leakedKey,
  logOutage,
  underLoad,
  logoutOutage,
  refreshFamilies,
];
