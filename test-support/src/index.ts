export * from './die-with-parent.ts';
export * from './fake-clock.ts';
export * from './free-port.ts';
export * from './issuer.ts';
export * from './redis.ts';
export * from './signer.ts';
export * from './tcp-proxy.ts';
export * from './until.ts';
