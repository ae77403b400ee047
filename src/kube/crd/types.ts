/**
 * What a custom resource brings with it, where a built-in one has the schema, `defaults/`, `strategy/` and `table/`: made of
 * its definition's structural schema, and part of its row in the registry.
 */

import type { ApiObject, JsonObject } from '../api/objects.ts';
import type { Strategy } from '../registry/types.ts';
import type { Printer } from '../table/types.ts';
import type { ConversionWebhook } from '../webhooks/types.ts';

/** Where the members of autoscaling/v1 Scale stand in an object; each a list of names. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  /** Of the selector as text; null: it has none. */
  readonly selector: readonly string[] | null;
}

export interface CustomType {
  /**
   * A body as it is kept: unknown members pruned and told as problems (`unknown field "spec.foo"`).
   * @throws StatusError 400 without kind and apiVersion, 422 for another kind
   */
  decode(value: JsonObject): { readonly value: JsonObject; readonly problems: readonly string[] };
  /**
   * A stored object as this version has it now: by another name, without what the schema no longer knows, with the defaults that it
   * has since got. The argument may be changed.
   */
  fromStorage(object: ApiObject): ApiObject;
  /** Fills in the defaults of the schema. */
  applyDefaults(object: ApiObject): void;
  /** Validates by schema and rules. */
  readonly strategy: Strategy;
  /** `additionalPrinterColumns`, or name and age. */
  readonly printer: Printer;
  /** Converts between versions. @default they differ by their name alone */
  readonly conversion?: ConversionWebhook;
  /** @default it has no /scale */
  readonly scale?: ScalePaths;
  /** The schema for OpenAPI documents, an object's; without the members that every kind has. @default any object */
  readonly openApiSchema?: JsonObject;
}
