package notice

// DecodeStrict decodes a document of at most [MaxSize] bytes into v and refuses
// what two readers could understand differently: a key twice, in another case,
// or unknown; null; text after the end, or that is not UTF-8.
func DecodeStrict(data []byte, v any) error { return decodeStrict(data, v) }
