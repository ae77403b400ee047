/**
 * What the rest of the room sees of HTTP: a request whose body is read when asked for, and an answer as data. Sockets stay in
 * this directory.
 */

import type { ApiList, ApiObject } from '../api/objects.ts';
import type { Status } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import type { ResourceType } from '../registry/types.ts';
import type { Accepted } from './negotiate.ts';

export interface ApiRequest {
  /** 'GET', … */
  readonly method: string;
  /** Without the query, as sent. */
  readonly path: string;
  /** Percent-decoded, without empty ones at the ends. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  /** Lower-case name; empty when it is not there. */
  header(name: string): string;
  /** Lower-case names of the headers there are. */
  headerNames(): readonly string[];
  /** @throws StatusError 413 when it is larger than 3 MiB */
  readBody(): Promise<Uint8Array>;
  /** The client's certificate, DER, when it sent one that its authority signed; else null. */
  readonly clientCertificate: Uint8Array | null;
}

/** One frame of a watch, before it is encoded. */
export interface WatchFrame {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: ApiObject | Status;
  /** The object is a watch cache's: its text may be kept with it. */
  readonly isShared: boolean;
  /** It is part of the state that a watch begins with. */
  readonly isInitial: boolean;
}

/** The open end of a watch. */
export interface WatchWriter {
  /** False: the client is gone or too slow, and nothing more will be written. */
  write(frame: WatchFrame): boolean;
  /** Ends the stream cleanly. */
  end(): void;
  onClose(listener: () => void): void;
}

export type ApiAnswer =
  /** An object, a list or a Status, encoded as was negotiated. `resource` says whose Table it is; null: none. */
  | {
      readonly type: 'object';
      readonly code: number;
      readonly body: ApiObject | ApiList | Status;
      readonly resource: ResourceType | null;
      /** Nobody changes the object, or the items of the list, any more: their texts may be kept with them. */
      readonly isShared?: boolean;
    }
  | {
      readonly type: 'bytes';
      readonly code: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Uint8Array | string;
    }
  | { readonly type: 'watch'; readonly resource: ResourceType; readonly open: (writer: WatchWriter) => void };

/** A request on its way. */
export interface RequestContext {
  readonly request: ApiRequest;
  readonly accepted: Accepted;
  readonly user: UserInfo;
  /** Texts for Warning headers. */
  readonly warnings: string[];
  /** Where annotations of the audit event go. @default nobody keeps them */
  readonly notes?: AuditNotes;
}

/** What admission says of a request to its audit. */
export interface AuditNotes {
  /** Null: nothing yet. */
  annotations: Map<string, string> | null;
}
