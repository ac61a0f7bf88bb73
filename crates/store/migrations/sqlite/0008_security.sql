-- Who owns a file, and the digest of its security descriptor.

ALTER TABLE diskprint_file_delta ADD COLUMN owner_before TEXT;
ALTER TABLE diskprint_file_delta ADD COLUMN group_before TEXT;
ALTER TABLE diskprint_file_delta ADD COLUMN security_sha1_before TEXT;
ALTER TABLE diskprint_file_delta ADD COLUMN owner_after TEXT;
ALTER TABLE diskprint_file_delta ADD COLUMN group_after TEXT;
ALTER TABLE diskprint_file_delta ADD COLUMN security_sha1_after TEXT;
