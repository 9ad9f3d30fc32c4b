import { startSidecar } from '@revocast/sidecar';
import { measure } from './measure.ts';
import { type ActorMessage, readSettings, type SidecarSettings } from './message.ts';
import { movableClock } from './movable-clock.ts';

const { config, clockOffsetMs } = readSettings<SidecarSettings>();
const clock = movableClock(clockOffsetMs);
const sidecar = await startSidecar(config, { clock });

process.on('message', (message: ActorMessage) => {
  if (message.tell === 'clock') clock.move(message.offsetMs);
  if (message.tell === 'measure') process.send?.({ figures: measure() });
  if (message.tell === 'stop') void sidecar.stop().then(() => process.exit(0));
});
process.on('disconnect', () => process.exit(1));
process.send?.('started');
