"""Numbers as pictures that a scanner reads: on slips and labels."""

import qrcode
from qrcode.image.svg import SvgPathImage


def qr_code(digits: str) -> str:
    """An SVG of these very digits, and nothing else."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, box_size=10, border=4)
    code.add_data(digits, optimize=0)
    return str(code.make_image(image_factory=SvgPathImage).to_string(encoding="unicode"))
