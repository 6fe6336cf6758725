/** The parts of Azurite 3.37 that azurite-child.ts uses; the package ships no types. */
declare module 'azurite/dist/src/table/TableServer.js' {
  class TableServer {
    constructor(configuration: object);
    start(): Promise<void>;
    close(): Promise<void>;
    /** `http://127.0.0.1:40123` */
    getHttpServerAddress(): string;
  }
  const exports: { readonly default: typeof TableServer };
  export = exports;
}

declare module 'azurite/dist/src/table/TableConfiguration.js' {
  class TableConfiguration {
    constructor(
      host: string,
      port: number,
      keepAliveTimeout: number,
      metadataDbPath: string,
      enableDebugLog: boolean,
      enableAccessLog: boolean,
      accessLogWriteStream: undefined,
      debugLogFilePath: undefined,
      loose: boolean,
      skipApiVersionCheck: boolean,
      cert: string,
      key: string,
      pwd: string,
      oauth: undefined,
      disableProductStyleUrl: boolean,
      isMemoryPersistence: boolean,
    );
  }
  const exports: { readonly default: typeof TableConfiguration };
  export = exports;
}
