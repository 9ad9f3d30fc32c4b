/** Paths of PEM files, read at every connect, so that a renewed certificate is used. */
export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name on the certificate, when it differs from the host. */
  readonly serverName?: string;
}

/** The parameters of a URL that name these files. */
export const tlsParameters: readonly string[] = ['ca', 'cert', 'key', 'servername'];

export function tlsFilesOf(parameter: (name: string) => string | undefined): TlsFiles {
  return {
    caFile: parameter('ca'),
    certFile: parameter('cert'),
    keyFile: parameter('key'),
    serverName: parameter('servername'),
  };
}
