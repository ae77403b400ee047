/**
 * What users configure of admission, put together in the order of a real server: what changes objects comes after all plugins,
 * policies before webhooks; and so it is of what refuses.
 */

import type { Runtime } from '../../util/runtime.ts';
import type { Authorizer } from '../auth/types.ts';
import { MutatingPolicies } from '../policies/mutating.ts';
import {
  type Binding,
  bindingOf,
  type MutatingPolicy,
  mutatingPolicyOf,
  type Policy,
  policyOf,
} from '../policies/policy.ts';
import { ValidatingPolicies } from '../policies/validating.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceType } from '../registry/types.ts';
import type { Storages } from '../storage/resource-storage.ts';
import { AdmissionWebhooks } from '../webhooks/admission-webhooks.ts';
import { WebhookClient } from '../webhooks/client.ts';
import { ObjectConverter } from '../webhooks/convert.ts';
import { type Hook, hooksOf } from '../webhooks/hook.ts';
import type { WebhookCaller } from '../webhooks/types.ts';
import { Configured } from './configured.ts';
import type { AdmissionFigures } from './figures.ts';
import { Lookup } from './lookup.ts';
import { isExempt } from './subject.ts';
import type { AdmissionAttributes, DynamicAdmission } from './types.ts';

export interface DynamicSources {
  readonly runtime: Runtime;
  readonly registry: Registry;
  readonly storages: Storages;
  readonly caller: WebhookCaller;
  readonly authorizer: () => Authorizer;
  /** Names of plugins that are turned off, `ValidatingAdmissionWebhook`. */
  readonly disabled: ReadonlySet<string>;
  readonly figures: AdmissionFigures;
}

const group = 'admissionregistration.k8s.io';

class ConfiguredAdmission implements DynamicAdmission {
  readonly #mutatingHooks: Configured<readonly Hook[]>;
  readonly #validatingHooks: Configured<readonly Hook[]>;
  readonly #webhooks: AdmissionWebhooks;
  readonly #policyObjects: Configured<Policy>;
  readonly #bindingObjects: Configured<Binding>;
  readonly #policies: ValidatingPolicies;
  readonly #mutatingPolicyObjects: Configured<MutatingPolicy>;
  readonly #mutatingBindingObjects: Configured<Binding>;
  readonly #mutatingPolicies: MutatingPolicies;

  constructor(sources: DynamicSources, lookup: Lookup, client: WebhookClient, converter: ObjectConverter) {
    const { registry, storages, disabled, authorizer, figures } = sources;
    const served = (plugin: string, plural: string): ResourceType | null =>
      disabled.has(plugin) ? null : registry.find(group, 'v1', plural);
    this.#mutatingHooks = new Configured(
      storages,
      served('MutatingAdmissionWebhook', 'mutatingwebhookconfigurations'),
      hooksOf,
    );
    this.#validatingHooks = new Configured(
      storages,
      served('ValidatingAdmissionWebhook', 'validatingwebhookconfigurations'),
      hooksOf,
    );
    const parts = { lookup, client, converter, authorizer, figures };
    this.#webhooks = new AdmissionWebhooks(parts, this.#mutatingHooks, this.#validatingHooks);
    const plugin = 'ValidatingAdmissionPolicy';
    this.#policyObjects = new Configured(storages, served(plugin, 'validatingadmissionpolicies'), policyOf);
    this.#bindingObjects = new Configured(
      storages,
      served(plugin, 'validatingadmissionpolicybindings'),
      bindingOf,
    );
    this.#policies = new ValidatingPolicies(parts, this.#policyObjects, this.#bindingObjects);
    this.#mutatingPolicyObjects = new Configured(
      storages,
      served('MutatingAdmissionPolicy', 'mutatingadmissionpolicies'),
      mutatingPolicyOf,
    );
    this.#mutatingBindingObjects = new Configured(
      storages,
      served('MutatingAdmissionPolicy', 'mutatingadmissionpolicybindings'),
      bindingOf,
    );
    this.#mutatingPolicies = new MutatingPolicies(
      parts,
      this.#mutatingPolicyObjects,
      this.#mutatingBindingObjects,
    );
  }

  get mayMutate(): boolean {
    return (
      this.#mutatingHooks.mayHave ||
      (this.#mutatingPolicyObjects.mayHave && this.#mutatingBindingObjects.mayHave)
    );
  }

  get mayValidate(): boolean {
    return this.#validatingHooks.mayHave || (this.#policyObjects.mayHave && this.#bindingObjects.mayHave);
  }

  async mutate(attributes: AdmissionAttributes, again: () => Promise<void>): Promise<void> {
    if (isExempt(attributes)) return;
    const policies = await this.#mutatingPolicies.mutate(attributes);
    const rerun = async (): Promise<void> => {
      await again();
      await policies.again();
    };
    await this.#webhooks.mutate(attributes, rerun, policies.isChanged);
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    if (isExempt(attributes)) return;
    await this.#policies.validate(attributes);
    await this.#webhooks.validate(attributes);
  }
}

/** Also gives what converts custom resources. */
export function dynamicAdmission(sources: DynamicSources): {
  readonly admission: DynamicAdmission;
  readonly converter: ObjectConverter;
} {
  const lookup = new Lookup(sources.registry, sources.storages);
  const client = new WebhookClient(sources.caller, lookup);
  const converter = new ObjectConverter(client, sources.runtime.random);
  return { admission: new ConfiguredAdmission(sources, lookup, client, converter), converter };
}
