"""A Modbus RTU slave on a serial line: slave.py PORT UNIT. Says 'ready' when it listens."""
import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartAsyncSerialServer
from pymodbus.transaction import ModbusRtuFramer

port, unit = sys.argv[1], int(sys.argv[2])
store = ModbusSlaveContext(
    di=ModbusSequentialDataBlock(0, [i % 3 == 0 for i in range(200)]),
    co=ModbusSequentialDataBlock(0, [False] * 200),
    hr=ModbusSequentialDataBlock(0, [0] * 200),
    ir=ModbusSequentialDataBlock(0, [1000 + i for i in range(200)]),
    zero_mode=True,
)
identity = ModbusDeviceIdentification(info_name={"VendorName": "Works", "ProductCode": "P7", "MajorMinorRevision": "1.2"})


async def main():
    server = await StartAsyncSerialServer(
        context=ModbusServerContext(slaves={unit: store}, single=False), framer=ModbusRtuFramer, identity=identity,
        port=port, baudrate=115200, timeout=0.05, ignore_missing_slaves=True, defer_start=True,
    )
    await server.start()
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
