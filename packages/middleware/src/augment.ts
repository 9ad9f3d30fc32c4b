import type { Auth } from './decision.ts';

declare global {
  namespace Express {
    interface Request {
      /** Set by `protect`. Import `@revocast/middleware/augment` once, and only if no other package claims `req.auth`. */
      readonly auth?: Auth;
    }
  }
}
