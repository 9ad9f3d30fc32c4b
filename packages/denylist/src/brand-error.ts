const brand = Symbol.for('revocast.error');

/**
 * Makes `instanceof` hold for errors of every copy of this package in one process: of its ESM and its CommonJS half, and of
 * another version.
 */
export function brandError(errorClass: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(errorClass.prototype, brand, { value: name });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A subclass inherits this function, and has instances of its own only.
      if (this !== errorClass) return Function.prototype[Symbol.hasInstance].call(this as never, value);
      return typeof value === 'object' && value !== null && brand in value && value[brand] === name;
    },
  });
}
