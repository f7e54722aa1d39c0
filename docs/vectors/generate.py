#!/usr/bin/env python3
"""Computes the vectors of protocol 1 from docs/protocol.md alone.

    python3 docs/vectors/generate.py --check   compares every value with the files beside this program
    python3 docs/vectors/generate.py --write   writes the files again, from the inputs that they hold

Needs Python 3.9 and the package `cryptography` (Debian: python3-cryptography). It shares nothing with the library:
the numbers behind § are sections of docs/protocol.md. What is an input in a file (keys to import, names, nonces,
epochs, payloads, transcript hashes and tags of the schedule) is kept, all else is computed.
"""

import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

HERE = pathlib.Path(__file__).resolve().parent
CONFIRM_HEADER = bytes([21, 0, 1, 0]) + (32).to_bytes(4, "big") + bytes(8)


# § 2, conventions


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def sha256(message):
    return hashlib.sha256(message).digest()


def hkdf_expand(key, info, length):
    output, block, count = b"", b"", 0
    while len(output) < length:
        count += 1
        block = mac(key, block + info + bytes([count]))
        output += block
    return output[:length]


def expand(key, label):
    return hkdf_expand(key, b"symratchet/1 " + label, 32)


# § 2.1, suites. No Python package of Debian has AEGIS-256, or the AES round that it is made of, so both are here;
# the round is checked against the package's AES at each start.


def _substitution_box():
    exp, log = [0] * 510, [0] * 256
    value = 1
    for power in range(255):
        exp[power] = exp[power + 255] = value
        log[value] = power
        value ^= ((value << 1) ^ (0x11B if value & 0x80 else 0)) & 0x1FF
    box = []
    for byte in range(256):
        inverse = exp[255 - log[byte]] if byte else 0
        result = 0x63
        for turn in range(5):
            result ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xFF
        box.append(result)
    return box


SBOX = _substitution_box()


def xtime(byte):
    return ((byte << 1) ^ (0x1B if byte & 0x80 else 0)) & 0xFF


def xor(*parts):
    return bytes(_xor_all(column) for column in zip(*parts))


def _xor_all(column):
    result = 0
    for byte in column:
        result ^= byte
    return result


def aes_round(block, round_key):
    shifted = [SBOX[block[(4 * (column + row) + row) % 16]] for column in range(4) for row in range(4)]
    state = []
    for column in range(4):
        a = shifted[4 * column : 4 * column + 4]
        for row in range(4):
            b, c, d = (a[(row + offset) % 4] for offset in (1, 2, 3))
            state.append(xtime(a[row]) ^ xtime(b) ^ b ^ c ^ d)
    return xor(bytes(state), round_key)


def _check_aes_round():
    # AES-128 has nine such rounds and a last one; its key schedule of the key 0 is needed for nothing but this check.
    key = bytes(range(16))
    words = [key[i : i + 4] for i in range(0, 16, 4)]
    rcon = 1
    for i in range(4, 44):
        word = words[i - 1]
        if i % 4 == 0:
            word = bytes(SBOX[byte] for byte in word[1:] + word[:1])
            word = bytes([word[0] ^ rcon]) + word[1:]
            rcon = xtime(rcon)
        words.append(xor(words[i - 4], word))
    keys = [b"".join(words[i : i + 4]) for i in range(0, 44, 4)]
    state = xor(bytes(16), keys[0])
    for round_key in keys[1:10]:
        state = aes_round(state, round_key)
    last = bytes(SBOX[state[(4 * (c + r) + r) % 16]] for c in range(4) for r in range(4))
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    assert xor(last, keys[10]) == encryptor.update(bytes(16)), "the AES round is wrong"


def aegis256(key, nonce, ad, plaintext):
    """AEGIS-256 of draft-irtf-cfrg-aegis-aead, with a tag of 256 bits."""
    c0 = bytes.fromhex("000101020305080d1522375990e97962")
    c1 = bytes.fromhex("db3d18556dc22ff12011314273b528dd")
    k0, k1, n0, n1 = key[:16], key[16:], nonce[:16], nonce[16:]
    s = [xor(k0, n0), xor(k1, n1), c1, c0, xor(k0, c0), xor(k1, c1)]

    def update(message):
        s[:] = [aes_round(s[i - 1], s[i] if i else xor(s[0], message)) for i in range(6)]

    for _ in range(4):
        for message in (k0, k1, xor(k0, n0), xor(k1, n1)):
            update(message)

    def blocks(data):
        for start in range(0, len(data), 16):
            yield data[start : start + 16]

    for block in blocks(ad):
        update(block.ljust(16, b"\0"))
    ciphertext = b""
    for block in blocks(plaintext):
        mask = xor(s[1], s[4], s[5], bytes(x & y for x, y in zip(s[2], s[3])))
        ciphertext += xor(block, mask[: len(block)])
        update(block.ljust(16, b"\0"))
    lengths = (8 * len(ad)).to_bytes(8, "little") + (8 * len(plaintext)).to_bytes(8, "little")
    last = xor(s[3], lengths)
    for _ in range(7):
        update(last)
    return ciphertext + xor(s[0], s[1], s[2]) + xor(s[3], s[4], s[5])


def chacha20_block(key, nonce):
    cipher = Cipher(algorithms.ChaCha20(key, bytes(4) + nonce), mode=None)  # the counter comes first, and is 0
    return cipher.encryptor().update(bytes(64))


class Suite:
    def __init__(self, number, name, nonce_size, tag_size, seal, step):
        self.number, self.name, self.tag_size = number, name, tag_size
        self._nonce_size, self._seal, self._step = nonce_size, seal, step

    def seal(self, key, round_number, header, plaintext):  # § 6.2
        return self._seal(key, round_number.to_bytes(8, "big").rjust(self._nonce_size, b"\0"), header, plaintext)

    def step(self, chain_key, previous_tag):  # § 6.1
        output = self._step(chain_key, previous_tag)[:64]
        return output[:32], output[32:]


SUITES = {
    suite.number: suite
    for suite in (
        Suite(
            1, "Aegis256", 32, 32, aegis256,
            lambda c, tag: aegis256(c, b"symratchet/1 step".ljust(32, b"\0"), tag, bytes(64)),
        ),
        Suite(
            2, "Aes256Gcm", 12, 16,
            lambda key, nonce, ad, text: AESGCM(key).encrypt(nonce, text, ad),
            lambda c, tag: hkdf_expand(c, b"symratchet/1 step" + tag, 64),
        ),
        Suite(
            3, "ChaCha20Poly1305", 12, 16,
            lambda key, nonce, ad, text: ChaCha20Poly1305(key).encrypt(nonce, text, ad),
            lambda c, tag: chacha20_block(c, b"symratchet/1"),
        ),
    )
}


# § 3, provisioning


def extract(psk, client_id, server_name):
    names = bytes([len(client_id)]) + client_id + bytes([len(server_name)]) + server_name
    salt = sha256(b"symratchet/1 import" + names)
    return salt, mac(salt, psk)


def epoch_key(extracted, epoch):
    key = expand(extracted, b"epoch")
    for _ in range(epoch):
        key = expand(key, b"next epoch")
    return key


def header(opcode, flags, length, round_number):  # § 4
    return bytes([opcode, flags, 1, 0]) + length.to_bytes(4, "big") + round_number.to_bytes(8, "big")


class Direction:
    """One chain (§ 6)."""

    def __init__(self, suite, chain_key):
        self.suite, self.chain_key, self.tag, self.round = suite, chain_key, bytes(32), 0

    def seal(self, opcode, payload, padding_block):
        flags, plaintext = 0, payload
        if padding_block and opcode in (30, 40):  # § 6.3
            flags = 1
            plaintext = payload + b"\1"
            plaintext += bytes(-len(plaintext) % padding_block)
        head = header(opcode, flags, len(plaintext) + self.suite.tag_size, self.round)
        before = self.chain_key, self.tag, self.round
        self.chain_key, message_key = self.suite.step(self.chain_key, self.tag)
        body = self.suite.seal(message_key, self.round, head, plaintext)
        self.tag, self.round = body[len(plaintext) :], self.round + 1
        return before, message_key, head, body


# § 5, the handshake


def secrets(root_key, transcript_hash):
    session = hkdf_expand(root_key, b"symratchet/1 session" + transcript_hash, 32)
    server, client = expand(session, b"server finished"), expand(session, b"client finished")
    return {
        "session_secret": session,
        "server_finished_key": server,
        "client_finished_key": client,
        "server_finished_mac": mac(server, transcript_hash),
        "client_finished_mac": mac(client, transcript_hash + CONFIRM_HEADER),
        "c2s_chain_key": expand(session, b"c2s"),
        "s2c_chain_key": expand(session, b"s2c"),
    }


def hexed(values):
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def raw(values, *names):
    return [bytes.fromhex(values[name]) for name in names]


# The files


def schedule(given):
    imports = []
    for item in given["imports"]:
        psk, client_id, server_name = raw(item, "psk", "client_id", "server_name")
        salt, extracted = extract(psk, client_id, server_name)
        identity = expand(extracted, b"identity")
        imports.append(
            hexed({
                "psk": psk,
                "client_id": client_id,
                "server_name": server_name,
                "salt": salt,
                "extracted_key": extracted,
                "identity_key": identity,
                "identity_hello_key": expand(identity, b"hello"),
                "identity_challenge_key": expand(identity, b"challenge"),
                "epochs": [
                    hexed({
                        "epoch": epoch,
                        "epoch_key": epoch_key(extracted, epoch),
                        "hello_key": expand(epoch_key(extracted, epoch), b"hello"),
                    })
                    for epoch in range(4)
                ],
            })
        )
    first = bytes.fromhex(imports[0]["extracted_key"])
    suites = []
    for item in given["suites"]:
        suite, sessions = SUITES[item["suite"]], []
        for epoch, session in enumerate(item["sessions"]):
            transcript_hash, root = bytes.fromhex(session["transcript_hash"]), epoch_key(first, epoch)
            values = {"epoch": epoch, "epoch_key": root, "transcript_hash": transcript_hash}
            values.update(secrets(root, transcript_hash))
            for direction in ("c2s", "s2c"):
                chain_key, steps = values[direction + "_chain_key"], []
                for number, step in enumerate(session[direction + "_steps"]):
                    tag = bytes.fromhex(step["previous_tag"]) if number else bytes(32)
                    after, message_key = suite.step(chain_key, tag)
                    steps.append(
                        hexed({
                            "chain_key": chain_key,
                            "previous_tag": tag,
                            "next_chain_key": after,
                            "message_key": message_key,
                        })
                    )
                    chain_key = after
                values[direction + "_steps"] = steps
            sessions.append(hexed(values))
        suites.append({"suite": suite.number, "name": suite.name, "sessions": sessions})
    return {"protocol": given["protocol"], "about": given["about"], "imports": imports, "suites": suites}


def records(given):
    suites = []
    for item in given["suites"]:
        suite = SUITES[item["suite"]]
        chain, values = Direction(suite, bytes.fromhex(item["records"][0]["chain_key"])), []
        for record in item["records"]:
            plaintext = bytes.fromhex(record["plaintext"])
            (chain_key, tag, round_number), message_key, head, body = chain.seal(30, plaintext, 0)
            values.append(
                hexed({
                    "round": round_number,
                    "chain_key": chain_key,
                    "previous_tag": tag,
                    "next_chain_key": chain.chain_key,
                    "message_key": message_key,
                    "header": head,
                    "plaintext": plaintext,
                    "body": body,
                })
            )
        suites.append({"suite": suite.number, "name": suite.name, "records": values})
    return {"protocol": given["protocol"], "about": given["about"], "suites": suites}


def handshake(given):
    psk, client_id, server_name, nonce_c, nonce_s = raw(
        given, "psk", "client_id", "server_name", "client_nonce", "server_nonce"
    )
    _, extracted = extract(psk, client_id, server_name)
    identity, evolution = expand(extracted, b"identity"), given["evolution"]
    e_c, e_s = given["client_store_before"]["epoch"], given["server_store_before"]["epoch"]

    def store(epoch):
        return hexed({"epoch": epoch, "epoch_key": epoch_key(extracted, epoch)})

    offered, accepted = given["offered_suites"], given["accepted_suites"]
    suite = SUITES[next(number for number in accepted if number in offered)]

    fields = bytes([len(offered), *offered, evolution]) + e_c.to_bytes(8, "big") + nonce_c  # § 5.1
    fields += bytes([len(client_id)]) + client_id + bytes(2)
    hello = header(10, 0, len(fields) + 64, 0) + fields
    hello += mac(expand(epoch_key(extracted, e_c), b"hello"), hello)
    hello += mac(expand(identity, b"hello"), hello)

    epoch = max(e_c, e_s)  # § 5.2
    root = epoch_key(extracted, epoch)
    challenge = header(20, 0, 108, 0) + bytes([suite.number, evolution]) + epoch.to_bytes(8, "big") + nonce_s + bytes(2)
    challenge += mac(expand(identity, b"challenge"), hello + challenge)
    transcript_hash = sha256(hello + challenge)
    keys = secrets(root, transcript_hash)
    challenge += keys["server_finished_mac"]
    confirm = CONFIRM_HEADER + keys["client_finished_mac"]  # § 5.3
    client, server = Direction(suite, keys["c2s_chain_key"]), Direction(suite, keys["s2c_chain_key"])
    _, _, head, body = server.seal(22, b"", 0)  # § 5.4

    after = store(epoch + 1 if evolution else epoch)
    values = {
        "name": given["name"],
        "suite": suite.number,
        "psk": psk,
        "client_id": client_id,
        "server_name": server_name,
        "evolution": evolution,
        "offered_suites": offered,
        "accepted_suites": accepted,
        "padding_block": given["padding_block"],
        "client_nonce": nonce_c,
        "server_nonce": nonce_s,
        "identity_key": identity,
        "client_store_before": store(e_c),
        "server_store_before": store(e_s),
        "client_hello": hello,
        "server_challenge": challenge,
        "server_store_after_challenge": store(epoch),
        "client_confirm": confirm,
        "server_confirm": head + body,
        "client_store_after": after,
        "server_store_after": after,
        "client_alarm": epoch > e_c,  # § 5.9
        "server_alarm": e_c > e_s + 1,
        "epoch": epoch,
        "transcript_hash": transcript_hash,
        "session_secret": keys["session_secret"],
        "c2s_chain_key": keys["c2s_chain_key"],
        "s2c_chain_key": keys["s2c_chain_key"],
        "s2c_chain_key_after_confirm": server.chain_key,
    }
    sent = []
    for record in given["records"]:
        direction = client if record["sender"] == "client" else server
        payload, opcode = bytes.fromhex(record["payload"]), record["opcode"]
        (_, _, round_number), message_key, head, body = direction.seal(opcode, payload, given["padding_block"])
        item = {"sender": record["sender"], "opcode": opcode, "round": round_number, "payload": payload}
        item.update({"message_key": message_key, "frame": head + body})
        if opcode != 60:
            item["chain_key_after"] = direction.chain_key
        sent.append(hexed(item))
    values["records"] = sent
    return hexed(values)


def handshakes(given):
    sessions = [handshake(item) for item in given["handshakes"]]
    return {"protocol": given["protocol"], "about": given["about"], "handshakes": sessions}


def differences(path, computed, written):
    """Every place at which two values differ, by its path."""
    if isinstance(computed, dict) and isinstance(written, dict):
        for name in sorted(computed.keys() | written.keys()):
            yield from differences(f"{path}.{name}", computed.get(name), written.get(name))
    elif isinstance(computed, list) and isinstance(written, list) and len(computed) == len(written):
        for number, pair in enumerate(zip(computed, written)):
            yield from differences(f"{path}[{number}]", *pair)
    elif computed != written or isinstance(computed, bool) != isinstance(written, bool):
        yield path


def count(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if children is None else sum(count(child) for child in children)


def main(arguments):
    if arguments not in (["--check"], ["--write"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    _check_aes_round()
    wrong, values = [], 0
    for name, compute in (("schedule", schedule), ("handshake", handshakes), ("records", records)):
        path = HERE / f"v1-{name}.json"
        written = json.loads(path.read_text())
        computed = compute(written)
        wrong += differences(name, computed, written)
        values += count(computed)
        if arguments == ["--write"]:
            path.write_text(json.dumps(computed, indent=1) + "\n")
    if arguments == ["--write"]:
        print(f"wrote {values} values, of which {len(wrong)} are new")
        return 0
    for place in wrong:
        print(f"differs: {place}", file=sys.stderr)
    print(f"{values} values, {len(wrong)} of them differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
