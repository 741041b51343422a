import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from "@peculiar/asn1-x509";

/** A certificate and its private key (PKCS #8), both in PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Lifetime {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** ecdsa-with-SHA256 over P-256: what every TLS library of the last ten years takes. */
const signatureAlgorithm = new AlgorithmIdentifier({ algorithm: "1.2.840.10045.4.3.2" });
const commonNameType = "2.5.4.3";
const serialBytes = 16;

interface Tbs {
  readonly commonName: string;
  readonly lifetime: Lifetime;
  readonly extensions: readonly Extension[];
}

const nameOf = (commonName: string): Name =>
  new Name([
    new RelativeDistinguishedName([
      new AttributeTypeAndValue({ type: commonNameType, value: new AttributeValue({ utf8String: commonName }) }),
    ]),
  ]);

const extension = (extnID: string, value: unknown, critical = false): Extension =>
  new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });

/** Positive, and without leading zeros: its first byte is 0x40 to 0x7f. */
const newSerial = (): ArrayBuffer => {
  const bytes = Uint8Array.from(randomBytes(serialBytes));
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f);
  return bytes.buffer;
};

const identifierOf = ({ subjectPublicKey }: SubjectPublicKeyInfo): ArrayBuffer =>
  Uint8Array.from(createHash("sha1").update(new Uint8Array(subjectPublicKey)).digest()).buffer;

const pem = (der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
};

/** Makes a key pair and a certificate of it, signed by `issuer`; by itself where there is none. */
const make = (issuer: KeyedCertificate | undefined, { commonName, lifetime, extensions }: Tbs): KeyedCertificate => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicInfo = AsnConvert.parse(publicKey.export({ type: "spki", format: "der" }), SubjectPublicKeyInfo);
  const issuing =
    issuer === undefined
      ? undefined
      : AsnConvert.parse(new X509Certificate(issuer.certificate).raw, Certificate).tbsCertificate;
  const authorityKey = new KeyIdentifier(identifierOf(issuing?.subjectPublicKeyInfo ?? publicInfo));
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: newSerial(),
    signature: signatureAlgorithm,
    issuer: issuing?.subject ?? nameOf(commonName),
    validity: new Validity(lifetime),
    subject: nameOf(commonName),
    subjectPublicKeyInfo: publicInfo,
    extensions: new Extensions([
      ...extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(identifierOf(publicInfo))),
      extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier: authorityKey })),
    ]),
  });
  const signer = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const signature = sign("sha256", new Uint8Array(AsnConvert.serialize(tbsCertificate)), signer);
  const signatureValue = Uint8Array.from(signature).buffer;
  return {
    certificate: pem(AsnConvert.serialize(new Certificate({ tbsCertificate, signatureAlgorithm, signatureValue }))),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
};

/** Makes a certificate authority that vouches for servers and for nobody below it. `name` has at most 55 characters. */
export const makeAuthority = (name: string, lifetime: Lifetime): KeyedCertificate =>
  make(undefined, {
    // Two of one instance may be trusted at once: OpenSSL looks for an issuer by its name first.
    commonName: `${name} ${randomBytes(4).toString("hex")}`,
    lifetime,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
    ],
  });

/** Makes the certificate of a server that shows it to its peers, too. `commonName` has at most 64 characters. */
export const makeServerCertificate = (
  authority: KeyedCertificate,
  {
    commonName,
    dnsNames,
    lifetime,
  }: { readonly commonName: string; readonly dnsNames: readonly string[]; readonly lifetime: Lifetime },
): KeyedCertificate =>
  make(authority, {
    commonName,
    lifetime,
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({}), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth, id_kp_clientAuth])),
      extension(
        id_ce_subjectAltName,
        new SubjectAlternativeName(dnsNames.map((dNSName) => new GeneralName({ dNSName }))),
      ),
    ],
  });
