"""An S3 on loopback, with the IAM, STS and KMS that buckets need.

The answers are moto's, mended where they depart from AWS (`patches/`, one file each).
Who may do what is decided before it is asked (`access/`), and what it did is on disk
before the client hears of it (`storage/`).

Start it with `python -m localcloud.s3`; `docs/localcloud-s3.md` is the manual.
"""
