declare module 'noise-c.wasm' {
  interface CipherState {
    EncryptWithAd(ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
    DecryptWithAd(ad: Uint8Array, ciphertext: Uint8Array): Uint8Array;
    free(): void;
  }
  interface HandshakeState {
    Initialize(prologue: Uint8Array, s: Uint8Array | null, rs: Uint8Array | null, psk: Uint8Array | null): void;
    WriteMessage(payload: Uint8Array): Uint8Array;
    ReadMessage(message: Uint8Array, payloadNeeded: boolean): Uint8Array;
    GetHandshakeHash(): Uint8Array;
    Split(): [send: CipherState, receive: CipherState];
  }
  export interface NoiseC {
    readonly constants: { readonly NOISE_ROLE_INITIATOR: number; readonly NOISE_ROLE_RESPONDER: number };
    HandshakeState(protocolName: string, role: number): HandshakeState;
  }
  export default function createNoise(
    options: { readonly wasmBinary: Uint8Array },
    callback: (noise: NoiseC) => void,
  ): void;
}
