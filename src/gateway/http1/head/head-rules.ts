// The settings that govern how a request head is parsed, in the form that the parser needs. Built once for each set of settings, and
// shared by all connections.

import type { GatewaySettings } from '../../../settings/for-processes/gateway-settings.ts';
import { type TrustedPeers, toTrustedPeers } from '../../accept/trusted-peers.ts';
import { FieldNames } from './field-names.ts';

type AsSet =
  | 'limitRequestLineBytes'
  | 'limitRequestFields'
  | 'limitRequestFieldSizeBytes'
  | 'permitObsoleteFolding'
  | 'stripHeaderSpaces'
  | 'permitUnconventionalHttpMethod'
  | 'permitUnconventionalHttpVersion'
  | 'casefoldHttpMethod'
  | 'dialect';

type Prepared = 'headerMap' | 'forwarderHeaders' | 'secureSchemeHeaders' | 'forwardedHeader' | 'forwardedAllowIps';

export interface HeadRules extends Pick<GatewaySettings, AsSet> {
  /** Bytes of all field lines together, without the final CRLF CRLF. */
  readonly limitHeaderBlockBytes: number;
  /** The SCRIPT_NAME of requests without a SCRIPT_NAME field. */
  readonly scriptName: string;
  readonly trustedPeers: TrustedPeers;
  readonly fieldNames: FieldNames;
}

export function toHeadRules(settings: Pick<GatewaySettings, AsSet | Prepared>, scriptName: string): HeadRules {
  const { limitRequestFields, limitRequestFieldSizeBytes } = settings;
  return {
    limitRequestLineBytes: settings.limitRequestLineBytes,
    limitRequestFields,
    limitRequestFieldSizeBytes,
    limitHeaderBlockBytes: limitRequestFields * (limitRequestFieldSizeBytes + 2) + 4,
    permitObsoleteFolding: settings.permitObsoleteFolding,
    stripHeaderSpaces: settings.stripHeaderSpaces,
    permitUnconventionalHttpMethod: settings.permitUnconventionalHttpMethod,
    permitUnconventionalHttpVersion: settings.permitUnconventionalHttpVersion,
    casefoldHttpMethod: settings.casefoldHttpMethod,
    dialect: settings.dialect,
    scriptName,
    trustedPeers: toTrustedPeers('forwarded_allow_ips', settings.forwardedAllowIps),
    fieldNames: new FieldNames({
      headerMap: settings.headerMap,
      forwarderHeaders: settings.forwarderHeaders,
      secureSchemeHeaders: settings.secureSchemeHeaders,
      forwardedHeader: settings.forwardedHeader,
    }),
  };
}
